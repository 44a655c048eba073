"""Tags: the words that issues are found by."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from incidents.models import Tag
from incidents.services.tags import create_tag, delete_tag, rename_tag
from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import write_moment


class TagForm(AccessForm):
    """One word."""

    class Meta:
        model = Tag
        fields = ("name",)

    def _post_clean(self) -> None:
        """Nothing: the service checks what a tag may be."""


@admin.register(Tag)
class TagAdmin(AccessAdmin[Tag]):
    """New words, other words for them, and their end."""

    resource = "tags"
    menu = ("Work", 8)
    form = TagForm
    fields = ("name",)
    list_display = ("name", "issues_cell", "created_cell")
    search_fields = ("name",)
    ordering = ("name",)
    empty_hint = "No tag yet. Tags appear when somebody puts one on an issue, or add one here."

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        """Writes through the service."""
        actor, name = actor_of(request), form.cleaned_data["name"]
        if change:
            rename_tag(actor=actor, tag=obj, name=name)
        else:
            obj.pk = create_tag(actor=actor, name=name).pk

    def delete_model(self, request: HttpRequest, obj: Tag) -> None:
        """Deletes through the service."""
        delete_tag(actor=actor_of(request), tag=obj)

    @admin.display(description="issues")
    def issues_cell(self, tag: Tag) -> SafeString:
        """The way to the issues that have it."""
        query = urlencode({"tag": tag.name, "status": "all"})
        return format_html('<a href="{}?{}">Show issues</a>', reverse("admin:incidents_issue_changelist"), query)

    @admin.display(description="created")
    def created_cell(self, tag: Tag) -> str:
        """Since when it is there."""
        return write_moment(tag.created_at)
