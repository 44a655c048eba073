"""Incidents as the API tells them: read in one query, whatever their number, without model objects."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from django.db import connection

from incidents.models.incidents import KEY_PREFIX
from incidents.services.carriers import sees_internals
from tracker.access import Actor

READ = """
SELECT i.id, k.key, i.title, i.description, i.severity, i.status, i.enrichment, i.recovery, i.place, i.latitude,
       i.longitude, i.nearest_place, i.timezone, i.factory_id, p.key, r.email, i.reporter_label, i.loss_estimate,
       i.occurred_at, i.created_at, i.updated_at, i.triaged_at, i.done_at, i.enriched_at, i.source, i.source_id,
       a.full_name, a.email, host(i.ip), i.city, i.region, i.country, i.attributes::text /* more */
  FROM incidents_incident i
  JOIN incidents_incidentcategory k ON k.id = i.category_id
  LEFT JOIN tracker_project p ON p.id = i.project_id
  LEFT JOIN tracker_user r ON r.id = i.reporter_id
  LEFT JOIN tracker_user a ON a.id = i.assignee_id
 WHERE i.id = ANY(%(ids)s)
"""
HTML = ("description_html",)
READ_WITH_HTML = READ.replace("/* more */", ", i.description_html")
WHOLE = ("description_html", "comment_count", "attachment_count")
# What is internal is not even counted for whoever does not see it.
READ_WHOLE = READ.replace(
    "/* more */",
    """, i.description_html,
       (SELECT count(*) FROM incidents_comment c WHERE c.incident_id = i.id AND (%(is_staff)s OR NOT c.is_internal)),
       (SELECT count(*) FROM incidents_attachment n
         WHERE n.incident_id = i.id AND (%(is_staff)s OR NOT n.is_internal))""",
)


class IncidentRecord(NamedTuple):
    """A row of READ."""

    id: int
    category: str
    title: str
    description: str
    severity: str
    status: str
    enrichment: str
    recovery: str
    place: str
    latitude: float | None
    longitude: float | None
    nearest_place: str
    timezone: str
    factory: int | None
    project: str | None
    reporter: str | None
    reporter_label: str
    loss_estimate: Decimal | None
    occurred_at: datetime
    created_at: datetime
    updated_at: datetime
    triaged_at: datetime | None
    done_at: datetime | None
    enriched_at: datetime | None
    source: str
    source_id: str
    assignee_name: str | None
    assignee: str | None
    ip: str | None
    city: str
    region: str
    country: str
    attributes: str


STAFF_ONLY = ("assignee", "ip", "city", "region", "country", "attributes")
_WIDTH = len(IncidentRecord._fields)


def describe_incidents(actor: Actor, ids: Sequence[int], *, include_html: bool = False) -> list[dict[str, Any]]:
    """The incidents with these primary keys in this order."""
    return _describe(actor, ids, READ_WITH_HTML, HTML) if include_html else _describe(actor, ids, READ, ())


def describe_incident(actor: Actor, pk: int) -> dict[str, Any]:
    """One incident whole: with its rendered text and how many comments and files the actor sees there."""
    (told,) = _describe(actor, [pk], READ_WHOLE, WHOLE)
    return told


def _describe(actor: Actor, ids: Sequence[int], statement: str, extra: Sequence[str]) -> list[dict[str, Any]]:
    if not ids:
        return []
    is_staff = sees_internals(actor)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": list(ids), "is_staff": is_staff})
        rows = cursor.fetchall()
    told: dict[int, dict[str, Any]] = {}
    for row in rows:
        told[row[0]] = _tell(IncidentRecord._make(row[:_WIDTH]), is_staff=is_staff)
        told[row[0]].update(zip(extra, row[_WIDTH:], strict=True))
    return [told[pk] for pk in ids if pk in told]


def _tell(record: IncidentRecord, *, is_staff: bool) -> dict[str, Any]:
    told = {"id": record.id, "key": f"{KEY_PREFIX}{record.id}", **record._asdict(), "reported_at": record.created_at}
    # What an import kept may hold numbers of any size: it is passed on as it is stored.
    told["attributes"] = orjson.Fragment(record.attributes)
    if not is_staff:
        for name in STAFF_ONLY:
            del told[name]
    return told
