"""Projects."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.models import Project
from tracker.services.projects import create_project, delete_project, update_project


class ProjectForm(AccessForm):
    """A key that stays, a name, an owner, members."""

    is_archived = forms.BooleanField(label="Archived", required=False)

    class Meta:
        model = Project
        fields = ("key", "name", "owner", "members")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_archived"] = self.instance.archived_at is not None

    def _post_clean(self) -> None:
        """Nothing: the service checks what a project may be."""


@admin.register(Project)
class ProjectAdmin(AccessAdmin[Project]):
    """What tickets and issues belong to."""

    resource = "projects"
    menu = ("People", 3)
    form = ProjectForm
    list_display = ("key", "name", "owner", "state_cell", "created_cell")
    search_fields = ("key", "name")
    autocomplete_fields = ("owner", "members")
    readonly_fields = ("created_cell",)
    ordering = ("key",)
    empty_hint = "No project yet. Tickets can do without; give them one to tell them apart."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        """With the owner's name."""
        return super().get_queryset(request).select_related("owner").defer("owner__password")

    def get_fieldsets(self, request: HttpRequest, obj: Project | None = None) -> Any:
        """A new one has nothing to archive."""
        if obj is None:
            return [(None, {"fields": ("key", "name", "owner", "members")})]
        last = ("is_archived",) if self.has_change_permission(request, obj) else ()
        return [(None, {"fields": ("key", "name", "owner", "members", *last, "created_cell")})]

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> tuple[str, ...]:
        """A key stays what it is: senders use it."""
        return ("created_cell",) if obj is None else ("created_cell", "key")

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """Writes through the service."""
        values, actor = form.cleaned_data, actor_of(request)
        if change:
            changes = {name: values[name] for name in ("name", "owner", "is_archived")}
            changes["members"] = list(values["members"])
            update_project(actor=actor, project=obj, changes=changes)
        else:
            given = {name: values[name] for name in ("key", "name", "owner")}
            obj.pk = create_project(actor=actor, members=list(values["members"]), **given).pk

    def delete_model(self, request: HttpRequest, obj: Project) -> None:
        """Deletes through the service."""
        delete_project(actor=actor_of(request), project=obj)

    @admin.display(description="state")
    def state_cell(self, project: Project) -> SafeString:
        """Whether it takes tickets."""
        return render_badge("Archived", "quiet") if project.archived_at else render_badge("Active", "ok")

    @admin.display(description="created")
    def created_cell(self, project: Project) -> str:
        """Since when it is there."""
        return write_moment(project.created_at)
