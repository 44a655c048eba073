"""Issues as the API tells them: read in one query, whatever their number, without model objects."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Count, Exists, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from incidents.models import Attachment, Comment, Issue
from tracker import access
from tracker.access import Actor

PLAIN_FIELDS = (
    "id", "number", "title", "description", "severity", "priority", "status", "reporter_label", "due_on",
    "created_at", "updated_at", "triaged_at", "done_at", "merged_into__number", "merged_into__reporter_id",
)  # fmt: skip
NAMES = {
    "project_key": F("project__key"),
    "reporter_email": F("reporter__email"),
    "assignee_email": F("assignee__email"),
    "factory_name": F("factory__name"),
    "merged_project": F("merged_into__project__key"),
}
WHOLE = ("description_html", "comment_count", "attachment_count")


class IssueRecord(NamedTuple):
    """A row of PLAIN_FIELDS and NAMES, with tags and whether the reader watches it."""

    id: int
    number: int
    title: str
    description: str
    severity: str
    priority: int
    status: str
    reporter_label: str
    due_on: date | None
    created_at: datetime
    updated_at: datetime
    triaged_at: datetime | None
    done_at: datetime | None
    merged_number: int | None
    merged_reporter: int | None
    project: str
    reporter: str | None
    assignee: str | None
    factory: str | None
    merged_project: str | None
    tags: list[str]
    is_watched: bool


def describe_issues(actor: Actor, ids: Sequence[int], *, include_html: bool = False) -> list[dict[str, Any]]:
    """The issues with these primary keys in this order."""
    extra = ("description_html",) if include_html else ()
    return _describe(actor, ids, extra)


def describe_issue(actor: Actor, pk: int) -> dict[str, Any]:
    """One issue whole: with its rendered text and how many comments and files it has."""
    (told,) = _describe(actor, [pk], WHOLE)
    return told


def tags_of_issue() -> ArraySubquery:
    """The words of an issue in order, for its row."""
    through = Issue.tags.through.objects.filter(issue=OuterRef("pk"))
    return ArraySubquery(through.order_by("tag__name").values("tag__name"))


def _describe(actor: Actor, ids: Sequence[int], extra: Sequence[str]) -> list[dict[str, Any]]:
    rows = _rows(actor, extra).filter(pk__in=ids)
    fields = (*PLAIN_FIELDS, *NAMES, "tag_names", "is_watched", *extra)
    sees_all = access.decide(actor, "issues", "read").is_for_all_rows
    reader = actor.user.pk if actor.user is not None else None
    told: dict[int, dict[str, Any]] = {}
    for row in rows.values_list(*fields):
        record = IssueRecord._make(row[: len(IssueRecord._fields)])
        is_merge_seen = sees_all or (reader is not None and record.merged_reporter == reader)
        told[record.id] = _tell(record, is_merge_seen=is_merge_seen)
        told[record.id].update(zip(extra, row[len(IssueRecord._fields) :], strict=True))
    return [told[pk] for pk in ids if pk in told]


def _rows(actor: Actor, extra: Sequence[str]) -> "QuerySet[Issue]":
    watches: Combinable = Value(False, output_field=BooleanField())
    if actor.user is not None:
        watches = Exists(Issue.watchers.through.objects.filter(issue=OuterRef("pk"), user=actor.user))
    rows = Issue.objects.annotate(**NAMES, tag_names=tags_of_issue(), is_watched=watches)
    if "comment_count" in extra:
        rows = rows.annotate(comment_count=_count_of(Comment), attachment_count=_count_of(Attachment))
    return rows


def _count_of(model: Any) -> Any:
    # Counted from the other side: joins of two collections would multiply each other.
    counted = model.objects.filter(issue=OuterRef("pk")).order_by().values("issue").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _tell(record: IssueRecord, *, is_merge_seen: bool) -> dict[str, Any]:
    merged_into = f"{record.merged_project}-{record.merged_number}" if record.merged_number and is_merge_seen else None
    return {
        "id": record.id,
        "key": f"{record.project}-{record.number}",
        "number": record.number,
        "project": record.project,
        "title": record.title,
        "description": record.description,
        "severity": record.severity,
        "priority": record.priority,
        "status": record.status,
        "reporter": record.reporter,
        "reporter_label": record.reporter_label,
        "assignee": record.assignee,
        "tags": record.tags,
        "factory": record.factory,
        "due_on": record.due_on,
        "merged_into": merged_into,
        "is_watched": record.is_watched,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "triaged_at": record.triaged_at,
        "done_at": record.done_at,
    }
