"""Figures about issues, counted by the database within the caller's rights."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from incidents.choices import IssueStatus, Severity
from incidents.models import Issue
from incidents.services.issues import visible_issues
from tracker import access
from tracker.access import Actor


@dataclass(frozen=True, slots=True)
class IssueStats:
    """How many issues there are; each breakdown has every word, with 0 where there is none."""

    total_issues: int
    open_issues: int
    severity_breakdown: Mapping[str, int]
    open_severity_breakdown: Mapping[str, int]
    status_breakdown: Mapping[str, int]


def count_issues(*, actor: Actor, project_key: str | None = None) -> IssueStats:
    """Figures of the issues that the actor may see, of all or one project.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, issues.list.
    """
    access.require(actor, "issues", "list")
    issues: QuerySet[Issue] = visible_issues(actor)
    if project_key is not None:
        issues = issues.filter(project__key=project_key)
    groups = issues.order_by().values_list("status", "severity").annotate(count=Count("pk"))
    by_severity, open_by_severity = dict.fromkeys(Severity.values, 0), dict.fromkeys(Severity.values, 0)
    by_status = dict.fromkeys(IssueStatus.values, 0)
    for status, severity, count in groups:
        by_status[status] += count
        by_severity[severity] += count
        if status != IssueStatus.DONE:
            open_by_severity[severity] += count
    total = sum(by_status.values())
    return IssueStats(total, total - by_status[IssueStatus.DONE], by_severity, open_by_severity, by_status)
