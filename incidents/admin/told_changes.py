"""Lines of the log, stays in a status, and files, as entries of a timeline: the same for issues and incidents."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Value, Window
from django.db.models.functions import Lag

from incidents.admin.timeline import Entry
from incidents.choices import IncidentStatus, IssueStatus
from incidents.models import Attachment, IncidentSpan, IssueSpan
from tracker.admin.formats import write_span
from tracker.models import Event

# Told by rows of their own, which also an import brings and a merge hands over; or of no interest to others.
UNTOLD = ("created", "moved", "commented", "comment_edited", "file_added", "watched", "unwatched")
OPEN = "OPEN"
LABELS = {**dict(IssueStatus.choices), **dict(IncidentStatus.choices)}
WORDS = {
    "created": "Opened",
    "enriched": "Enriched",
    "enrichment_asked": "Asked to look again",
    "enrichment_failed": "Enrichment failed",
}


def read_moves(
    rows: QuerySet[IssueSpan] | QuerySet[IncidentSpan],
    labels: Mapping[str, Any],
    before: datetime | None,
    limit: int,
) -> Iterator[Entry]:
    """The moves of one thing from status to status; `labels` are what people call these."""
    rows = rows.annotate(status_before=Window(Lag("status", default=Value("")), order_by=["started_at", "id"]))
    rows = rows.exclude(status=F("status_before"))
    if before is not None:
        rows = rows.filter(started_at__lt=before)
    # One more than is shown: the oldest shown tells how long the stay before it was.
    spans: list[Any] = list(rows.order_by("-started_at", "-id")[: limit + 1])
    for place, span in enumerate(spans[:limit]):
        earlier = spans[place + 1] if place + 1 < len(spans) else None
        yield Entry(span.started_at, "event", _tell_move(span, earlier, labels), span.started_by)


def read_changes(
    rows: QuerySet[Event], name: Callable[[Event], str] | None, before: datetime | None, limit: int
) -> Iterator[Entry]:
    """Lines of the log; `name` says what each is about where they are about several things."""
    if before is not None:
        rows = rows.filter(at__lt=before)
    for event in rows.order_by("-id")[:limit]:
        yield Entry(event.at, "action", tell_change(event), event.actor_label, subject=name(event) if name else "")


def read_files(files: Iterable[Attachment], before: datetime | None, limit: int) -> Iterator[Entry]:
    """Files that were read before."""
    for file in files:
        words = "Internal file" if file.is_internal else "File"
        yield Entry(file.created_at, "file", words, file.uploader_name, file=file)


def verbs(subject: str, words: Collection[str] = UNTOLD) -> list[str]:
    """These words as verbs about one kind of thing."""
    return [f"{subject}.{word}" for word in words]


def tell_change(event: Event) -> str:
    """What a line of the log says, in words."""
    before, after, data = event.before or {}, event.after or {}, event.data or {}
    word = event.verb.partition(".")[2]
    if word == "merged":
        return f"Merged into {after.get('merged_into', '?')}"
    if word == "linked":
        return f"Linked: {after.get('kind', '')} {after.get('target', '')}"
    if word == "unlinked":
        return "Link removed"
    if word == "comment_deleted":
        return f"Comment of {data.get('author', '?')} deleted"
    if word == "file_removed":
        return f"File {data.get('name', '')} deleted"
    if word == "moved":
        return " → ".join(str(LABELS.get(one, one)) for one in (before.get("status", "?"), after.get("status", "?")))
    if word == "updated":
        return _tell_fields(before, after)
    return WORDS.get(word) or event.verb.replace(".", " ").replace("_", " ").capitalize()


def _tell_move(span: IssueSpan | IncidentSpan, earlier: Any, labels: Mapping[str, Any]) -> str:
    label = str(labels[span.status])
    if earlier is None:
        return f"Opened as {label.lower()}" if span.status != OPEN else "Opened"
    stay = write_span((span.started_at - earlier.started_at).total_seconds())
    return f"{labels[earlier.status]} → {label}, after {stay}"


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
