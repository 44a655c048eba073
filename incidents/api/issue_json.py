"""Issues as the API tells them: read in one query, whatever their number, without model objects.

The statement is written out, because building it anew for every request would cost most of a quick one.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection

from tracker import access
from tracker.access import Actor

READ = """
SELECT i.id, i.number, i.title, i.description, i.severity, i.priority, i.status, i.reporter_label, i.due_on,
       i.created_at, i.updated_at, i.triaged_at, i.done_at, m.number, m.reporter_id, mp.key, p.key, r.email, a.email,
       f.name,
       ARRAY(SELECT t.name FROM incidents_issue_tags it JOIN incidents_tag t ON t.id = it.tag_id
              WHERE it.issue_id = i.id ORDER BY t.name),
       EXISTS (SELECT FROM incidents_issue_watchers w WHERE w.issue_id = i.id AND w.user_id = %(reader)s) /* more */
  FROM incidents_issue i
  JOIN tracker_project p ON p.id = i.project_id
  LEFT JOIN tracker_user r ON r.id = i.reporter_id
  LEFT JOIN tracker_user a ON a.id = i.assignee_id
  LEFT JOIN tracker_factory f ON f.id = i.factory_id
  LEFT JOIN incidents_issue m ON m.id = i.merged_into_id
  LEFT JOIN tracker_project mp ON mp.id = m.project_id
 WHERE i.id = ANY(%(ids)s)
"""
HTML = ("description_html",)
READ_WITH_HTML = READ.replace("/* more */", ", i.description_html")
WHOLE = ("description_html", "comment_count", "attachment_count")
READ_WHOLE = READ.replace(
    "/* more */",
    """, i.description_html,
       (SELECT count(*) FROM incidents_comment c WHERE c.issue_id = i.id),
       (SELECT count(*) FROM incidents_attachment n WHERE n.issue_id = i.id)""",
)


class IssueRecord(NamedTuple):
    """A row of READ."""

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
    merged_project: str | None
    project: str
    reporter: str | None
    assignee: str | None
    factory: str | None
    tags: list[str]
    is_watched: bool


def describe_issues(actor: Actor, ids: Sequence[int], *, include_html: bool = False) -> list[dict[str, Any]]:
    """The issues with these primary keys in this order."""
    return _describe(actor, ids, READ_WITH_HTML, HTML) if include_html else _describe(actor, ids, READ, ())


def describe_issue(actor: Actor, pk: int) -> dict[str, Any]:
    """One issue whole: with its rendered text and how many comments and files it has."""
    (told,) = _describe(actor, [pk], READ_WHOLE, WHOLE)
    return told


def _describe(actor: Actor, ids: Sequence[int], statement: str, extra: Sequence[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    sees_all = access.decide(actor, "issues", "read").is_for_all_rows
    reader = actor.user.pk if actor.user is not None else None
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids), "reader": reader})
        rows = cursor.fetchall()
    width = len(IssueRecord._fields)
    told: dict[int, dict[str, Any]] = {}
    for row in rows:
        record = IssueRecord._make(row[:width])
        is_merge_seen = sees_all or (reader is not None and record.merged_reporter == reader)
        told[record.id] = _tell(record, is_merge_seen=is_merge_seen)
        told[record.id].update(zip(extra, row[width:], strict=True))
    return [told[pk] for pk in ids if pk in told]


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
