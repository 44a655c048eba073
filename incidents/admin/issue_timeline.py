"""What happened to one issue: its stays in each status, what people changed and said, and its files."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from incidents.admin.timeline import Timeline, merge_entries, read_comments
from incidents.admin.told_changes import read_changes, read_files, read_moves, verbs
from incidents.choices import IssueStatus
from incidents.models import Attachment, Comment, Issue, IssueSpan
from tracker.models import Event

LABELS = dict(IssueStatus.choices)


def read_issue_timeline(issue: Issue, files: Sequence[Attachment], *, before: datetime | None = None) -> Timeline:
    """A page of an issue's story in three queries; `files` are those of the issue, read before."""
    lines = Event.objects.filter(object_type="issue", object_id=str(issue.pk)).exclude(verb__in=verbs("issue"))
    readers = (
        partial(read_moves, IssueSpan.objects.filter(issue=issue), LABELS),
        partial(read_changes, lines, None),
        partial(read_files, files),
        partial(read_comments, Comment.objects.filter(issue=issue)),
    )
    return merge_entries(readers, before=before)
