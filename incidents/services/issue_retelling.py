"""What a source says anew of issues that it told of before."""

from collections.abc import Sequence

from incidents.choices import IssueStatus
from incidents.intake.issue_files import SourceIssue
from incidents.models import Issue, IssueSpan
from incidents.rich_text import render_markdown

FIELDS = (
    "title", "description", "description_html", "status", "triaged_at", "done_at", "merged_into",
    "source_updated_at", "updated_at",
)  # fmt: skip


def retell_issues(pairs: Sequence[tuple[Issue, SourceIssue]], *, source: str) -> None:
    """Writes what is newer; the issues are locked, and `pairs` holds only those of which the source says more.

    A status between open and done is people's own: the source closes and reopens, and nothing else.
    """
    ended: list[IssueSpan] = []
    begun: list[IssueSpan] = []
    running = {span.issue_id: span for span in IssueSpan.objects.filter(issue__in=[i for i, _ in pairs], ended_at=None)}
    for issue, told in pairs:
        _retell(issue, told)
        if _moves(issue, told):
            _step(issue, told, running[issue.pk])
            ended.append(running[issue.pk])
            begun.append(_begin(issue, running[issue.pk], source))
    # One stay ends before the next begins: an issue is in one status.
    IssueSpan.objects.bulk_update(ended, ["ended_at"], batch_size=500)
    IssueSpan.objects.bulk_create(begun)
    Issue.objects.bulk_update([issue for issue, _ in pairs], FIELDS, batch_size=500)


def _retell(issue: Issue, told: SourceIssue) -> None:
    issue.title = " ".join(told.title.split())
    if issue.description != told.body:
        issue.description, issue.description_html = told.body, render_markdown(told.body)
    issue.source_updated_at = told.updated_at
    issue.updated_at = max(issue.updated_at, told.updated_at)


def _moves(issue: Issue, told: SourceIssue) -> bool:
    if (issue.status == IssueStatus.DONE) == (told.done_at is not None):
        return False
    # Whoever closed it here later than the source spoke knows better.
    return issue.done_at is None or issue.done_at < told.updated_at


def _step(issue: Issue, told: SourceIssue, stay: IssueSpan) -> None:
    stay.ended_at = max(told.done_at or told.updated_at, stay.started_at)
    issue.done_at = stay.ended_at if told.done_at is not None else None
    issue.status = IssueStatus.DONE if told.done_at is not None else IssueStatus.OPEN
    if issue.status == IssueStatus.OPEN:
        issue.triaged_at = issue.merged_into = None


def _begin(issue: Issue, stay: IssueSpan, source: str) -> IssueSpan:
    return IssueSpan(issue=issue, status=issue.status, started_at=stay.ended_at or stay.started_at, started_by=source)
