"""Projects."""

from django.contrib import admin
from django.utils.safestring import SafeString

from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge
from tracker.models import Project


@admin.register(Project)
class ProjectAdmin(AccessAdmin[Project]):
    """What tickets and issues belong to."""

    resource = "projects"
    menu = ("People", 3)
    list_display = ("key", "name", "owner", "state_cell")
    list_select_related = ("owner",)
    search_fields = ("key", "name")
    fields = ("key", "name", "owner", "archived_at", "created_at")
    ordering = ("key",)

    @admin.display(description="state")
    def state_cell(self, project: Project) -> SafeString:
        """Whether it takes tickets."""
        return render_badge("Archived", "quiet") if project.archived_at else render_badge("Active", "ok")
