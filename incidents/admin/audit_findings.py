"""What the auditor found and must not guess about: to be repaired, corrected, or accepted as it is."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from incidents.choices import FindingState
from incidents.models import AuditFinding
from incidents.services.audit_findings import accept_finding, repair_finding, visible_findings
from incidents.services.audit_registry import all_rules
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.filters import ChoiceFilter
from tracker.admin.formats import render_badge, write_moment

TONES = {
    FindingState.OPEN: "breach",
    FindingState.ACCEPTED: "alert",
    FindingState.REPAIRED: "ok",
    FindingState.GONE: "quiet",
}
PACKAGES = ("incidents", "tracker", "reports")


class StateFilter(ChoiceFilter):
    """What became of it; those that wait for somebody come first."""

    title = parameter_name = "state"
    default = FindingState.OPEN.value

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[AuditFinding]) -> Iterable[tuple[str, str]]:
        """The states, and all of them."""
        return [*((str(value), str(label)) for value, label in FindingState.choices), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditFinding]) -> QuerySet[AuditFinding]:
        """The findings in that state."""
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


@admin.register(AuditFinding)
class AuditFindingAdmin(AccessAdmin[AuditFinding]):
    """The auditor's findings, the newest first."""

    resource = "audit_findings"
    page_template = "admin/incidents/auditfinding/page.html"
    menu = ("Operation", 2)
    live_types = "audit"
    list_display = ("rule", "subject_cell", "state_cell", "found_cell", "seen_cell", "repairs")
    list_filter = (StateFilter,)
    ordering = ("-id",)
    empty_hint = "Everything adds up. The auditor looks each minute at what changed, and each night at everything."
    actions = ("repair", "accept")

    def get_urls(self) -> list[Any]:
        """With addresses for the two buttons."""
        return [
            self.page_url("repair", self.repair_view),
            self.page_url("accept", self.accept_view),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditFinding]:
        """What whoever asks may know of."""
        return visible_findings(actor_of(request)).select_related("resolved_by")

    def describe(self, request: HttpRequest, finding: AuditFinding) -> dict[str, Any]:
        """What the page shows."""
        rule = all_rules().get(finding.rule)
        is_open = finding.state == FindingState.OPEN
        may_change = is_open and self.is_allowed(request, "transition", finding)
        return {
            "title": capfirst(finding.rule),
            "finding": finding,
            "badge": self.state_cell(finding),
            "subject": self.subject_cell(finding),
            "differences": finding.details.get("differences", ()),
            "is_known": rule is not None,
            "is_repairable": rule is not None and rule.repair is not None,
            "may_repair": may_change and rule is not None and rule.repair is not None,
            "may_accept": may_change,
        }

    def repair_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tries the repair of one finding once more."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda finding: repair_finding(actor=actor_of(request), finding=finding), "It was repaired.",
        )  # fmt: skip

    def accept_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Accepts one finding as it is."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda finding: accept_finding(actor=actor_of(request), finding=finding),
            "It stays as it is, and nobody is told of it again.",
        )  # fmt: skip

    def has_transition_permission(self, request: HttpRequest) -> bool:
        """Whether findings may be repaired and accepted."""
        return self.is_allowed(request, "transition")

    @admin.action(permissions=["transition"], description="Repair")
    def repair(self, request: HttpRequest, queryset: QuerySet[AuditFinding]) -> HttpResponse | None:
        """Tries the repairs of the ticked ones, all or none."""
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda row: repair_finding(actor=actor, finding=row), "{count} findings were repaired."
        )

    @admin.action(permissions=["transition"], description="Accept as it is")
    def accept(self, request: HttpRequest, queryset: QuerySet[AuditFinding]) -> HttpResponse | None:
        """Accepts the ticked ones, all or none."""
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda row: accept_finding(actor=actor, finding=row), "{count} findings were accepted."
        )

    @admin.display(description="row")
    def subject_cell(self, finding: AuditFinding) -> SafeString | str:
        """The row that breaks the rule, with the way to its page where it has one."""
        words = f"{finding.subject_type} {finding.subject_id}"
        for package in PACKAGES:
            try:
                address = reverse(f"admin:{package}_{finding.subject_type}_change", args=[finding.subject_id])
            except NoReverseMatch:
                continue
            return format_html('<a href="{}">{}</a>', address, words)
        return words

    @admin.display(description="state")
    def state_cell(self, finding: AuditFinding) -> SafeString:
        """What became of it."""
        state = FindingState(finding.state)
        return render_badge(str(state.label), TONES[state])

    @admin.display(description="found")
    def found_cell(self, finding: AuditFinding) -> str:
        """When it was found for the first time."""
        return write_moment(finding.found_at)

    @admin.display(description="last seen")
    def seen_cell(self, finding: AuditFinding) -> str:
        """When it was last looked at."""
        return write_moment(finding.seen_at)
