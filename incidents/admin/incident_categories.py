"""The kinds of incidents: made, named, put in order and put away."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.models import IncidentCategory
from incidents.services.incident_categories import FIELDS, create_category, delete_category, update_category
from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import render_badge, write_moment


class CategoryForm(AccessForm):
    """A key that stays, a name, a place among the others."""

    is_archived = forms.BooleanField(label="Archived", required=False)

    class Meta:
        model = IncidentCategory
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_archived"] = self.instance.archived_at is not None

    def _post_clean(self) -> None:
        """Nothing: the service checks what a category may be."""


@admin.register(IncidentCategory)
class IncidentCategoryAdmin(AccessAdmin[IncidentCategory]):
    """What people choose from when they report. Admins write, everybody reads."""

    resource = "incident_categories"
    menu = ("Work", 7)
    form = CategoryForm
    list_display = ("name", "key", "position", "state_cell", "incidents_cell", "created_cell")
    search_fields = ("name", "key")
    ordering = ("position", "key")
    empty_hint = "No category yet. Nobody can report an incident without one."

    def get_fieldsets(self, request: HttpRequest, obj: IncidentCategory | None = None) -> Any:
        """A new one has nothing to archive."""
        may_change = obj is not None and self.has_change_permission(request, obj)
        last = ("is_archived",) if may_change else ()
        return [(None, {"fields": ("key", "name", "position", *last)})]

    def get_readonly_fields(self, request: HttpRequest, obj: IncidentCategory | None = None) -> tuple[str, ...]:
        """A key stays what it is: addresses and rules name it."""
        return () if obj is None else ("key",)

    def save_model(self, request: HttpRequest, obj: IncidentCategory, form: Any, change: bool) -> None:
        """Writes through the service."""
        actor, values = actor_of(request), form.cleaned_data
        if change:
            changes = {name: values[name] for name in ("name", "position", "is_archived")}
            update_category(actor=actor, category=obj, changes=changes)
        else:
            obj.pk = create_category(actor=actor, **{name: values[name] for name in FIELDS}).pk

    def delete_model(self, request: HttpRequest, obj: IncidentCategory) -> None:
        """Deletes through the service."""
        delete_category(actor=actor_of(request), category=obj)

    @admin.display(description="state")
    def state_cell(self, category: IncidentCategory) -> SafeString:
        """Whether it is offered."""
        return render_badge("Archived", "quiet") if category.archived_at else render_badge("Offered", "ok")

    @admin.display(description="incidents")
    def incidents_cell(self, category: IncidentCategory) -> SafeString:
        """The way to what belongs to it."""
        address = reverse("admin:incidents_incident_changelist")
        return format_html('<a href="{}?category={}&amp;status=all">Show incidents</a>', address, category.key)

    @admin.display(description="created")
    def created_cell(self, category: IncidentCategory) -> SafeString | str:
        """Since when it is there."""
        return write_moment(category.created_at)
