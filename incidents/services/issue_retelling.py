"""What a source says anew of issues that it told of before."""

from collections.abc import Sequence
from datetime import datetime

from incidents.choices import IssueStatus
from incidents.intake.issue_files import SourceIssue
from incidents.models import Issue
from incidents.rich_text import render_markdown
from incidents.services.steps import begin_stays

FIELDS = (
    "title", "description", "description_html", "status", "triaged_at", "done_at", "merged_into",
    "source_updated_at", "updated_at",
)  # fmt: skip


def retell_issues(pairs: Sequence[tuple[Issue, SourceIssue]], *, source: str) -> None:
    """Writes what is newer; the issues are locked, and `pairs` holds only those of which the source says more.

    A status between open and done is people's own: the source closes and reopens, and nothing else.
    """
    moved, by_id = [], {issue.pk: issue for issue, _ in pairs}
    for issue, told in pairs:
        _retell(issue, told)
        if _moves(issue, told):
            issue.status = IssueStatus.OPEN if told.done_at is None else IssueStatus.DONE
            moved.append(issue)
    told_at = {issue.pk: told.done_at or told.updated_at for issue, told in pairs}
    for pk, moment in begin_stays(moved, at=told_at, by=source).items():
        _note_step(by_id[pk], moment)
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


def _note_step(issue: Issue, moment: datetime) -> None:
    issue.done_at = moment if issue.status == IssueStatus.DONE else None
    if issue.status == IssueStatus.OPEN:
        issue.triaged_at = issue.merged_into = None
