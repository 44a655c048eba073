"""What happened to one issue: its stays in each status, what people changed and said, and its files."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from incidents.admin.timeline import Entry, Timeline, merge_entries, read_comments
from incidents.choices import IssueStatus
from incidents.models import Attachment, Comment, Issue, IssueSpan
from tracker.admin.formats import write_span
from tracker.models import Event

# Told by rows of their own, which also an import brings and a merge hands over; or of no interest to others.
UNTOLD = (
    "issue.created",
    "issue.moved",
    "issue.commented",
    "issue.comment_edited",
    "issue.file_added",
    "issue.watched",
    "issue.unwatched",
)


def read_issue_timeline(issue: Issue, files: Sequence[Attachment], *, before: datetime | None = None) -> Timeline:
    """A page of an issue's story in three queries; `files` are those of the issue, read before."""
    said = Comment.objects.filter(issue=issue)
    readers = (partial(_read_moves, issue), partial(_read_changes, issue), partial(_read_files, files))
    return merge_entries([*readers, partial(read_comments, said)], before=before)


def _read_moves(issue: Issue, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = IssueSpan.objects.filter(issue=issue).order_by("-started_at", "-id")
    if before is not None:
        rows = rows.filter(started_at__lt=before)
    # One more than is shown: the oldest shown tells how long the stay before it was.
    spans = list(rows[: limit + 1])
    for place, span in enumerate(spans[:limit]):
        earlier = spans[place + 1] if place + 1 < len(spans) else None
        yield Entry(span.started_at, "event", _tell_move(span, earlier), span.started_by)


def _tell_move(span: IssueSpan, earlier: IssueSpan | None) -> str:
    label = IssueStatus(span.status).label
    if earlier is None:
        return f"Opened as {label.lower()}" if span.status != IssueStatus.OPEN else "Opened"
    stay = write_span((span.started_at - earlier.started_at).total_seconds())
    return f"{IssueStatus(earlier.status).label} → {label}, after {stay}"


def _read_changes(issue: Issue, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = Event.objects.filter(object_type="issue", object_id=str(issue.pk)).exclude(verb__in=UNTOLD)
    if before is not None:
        rows = rows.filter(at__lt=before)
    for event in rows.order_by("-id")[:limit]:
        yield Entry(event.at, "action", _tell_change(event), event.actor_label)


def _tell_change(event: Event) -> str:
    before, after, data = event.before or {}, event.after or {}, event.data or {}
    if event.verb == "issue.merged":
        return f"Merged into {after.get('merged_into', '?')}"
    if event.verb == "issue.linked":
        return f"Linked: {after.get('kind', '')} {after.get('target', '')}"
    if event.verb == "issue.unlinked":
        return "Link removed"
    if event.verb == "issue.comment_deleted":
        return f"Comment of {data.get('author', '?')} deleted"
    if event.verb == "issue.file_removed":
        return f"File {data.get('name', '')} deleted"
    if event.verb == "issue.updated":
        return _tell_fields(before, after)
    return event.verb.replace(".", " ").replace("_", " ").capitalize()


def _tell_fields(before: dict[str, Any], after: dict[str, Any]) -> str:
    if "merged" in after:
        return f"{after['merged']} was merged into this"
    told = []
    for name, value in sorted(after.items()):
        label = name.replace("_", " ")
        if name == "description":
            told.append("description changed")
        else:
            told.append(f"{label} {_write(before.get(name))} → {_write(value)}")
    words = ", ".join(told)
    return words[:1].upper() + words[1:]


def _write(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(word) for word in value) or "none"
    return "none" if value in (None, "") else str(value)


def _read_files(files: Sequence[Attachment], before: datetime | None, limit: int) -> Iterator[Entry]:
    for file in files:
        yield Entry(file.created_at, "file", "File", file.uploader_name, file=file)
