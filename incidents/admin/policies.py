"""SLA policies: versions to be read, and a new one made from any of them."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from incidents.models import PolicyVersion
from tracker import clock
from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment

TEMPLATE = "admin/incidents/policyversion/page.html"


@admin.register(PolicyVersion)
class PolicyVersionAdmin(AccessAdmin[PolicyVersion]):
    """What is promised to whom. A version never changes; an edit is the next version."""

    resource = "sla_policies"
    menu = ("SLA", 1)
    list_display = ("name_cell", "state_cell", "effective_cell", "applies_to", "source", "created_by", "note")
    list_display_links = ("name_cell",)
    list_select_related = ("created_by",)
    ordering = ("-number",)
    search_fields = ("number",)
    search_help_text = "A version's number"
    empty_hint = "No policy yet, so no ticket has a deadline."

    def search(self, queryset: QuerySet[PolicyVersion], term: str) -> QuerySet[PolicyVersion]:
        """By number."""
        return queryset.filter(number=int(term)) if term.isdecimal() and len(term) < 9 else queryset.none()

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one version."""
        if object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        return self.show_page(request, object_id, TEMPLATE, lambda version: self._describe(request, version))

    def _describe(self, request: HttpRequest, version: PolicyVersion) -> dict[str, Any]:
        return {
            "version": version,
            "badge": self.state_cell(version),
            "rules": version.rules.select_related("calendar"),
            "steps": version.steps.all(),
            "file": settings.SLA_CONFIG_PATH,
            "may_publish": self.has_add_permission(request),
        }

    @admin.display(description="version")
    def name_cell(self, version: PolicyVersion) -> str:
        """Its number."""
        return f"Version {version.number}"

    @admin.display(description="state")
    def state_cell(self, version: PolicyVersion) -> SafeString:
        """Whether it is the one that new tickets get."""
        if version.effective_at > clock.now():
            return render_badge("Planned", "info")
        newest = newest_in_force()
        return render_badge("In force", "ok") if version.number == newest else render_badge("Superseded", "quiet")

    @admin.display(description="effective")
    def effective_cell(self, version: PolicyVersion) -> str:
        """From when on."""
        return write_moment(version.effective_at)


def newest_in_force() -> int | None:
    """The number of the version that a ticket created now is judged by."""
    in_force = PolicyVersion.objects.filter(effective_at__lte=clock.now()).order_by("-effective_at", "-number")
    return in_force.values_list("number", flat=True).first()
