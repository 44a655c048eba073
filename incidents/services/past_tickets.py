"""Sets of tickets and alerts by what was known of them at a moment; the tickets' own history is all that is asked.

Of a history counts what had reached us by then, so that events which come late change no figure of before.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform

from incidents.models import Alert, TicketEvent
from incidents.querysets import TicketQuerySet
from incidents.services.past_sets import ANSWERED, NONE, PastSet

# The order of a history is the documented one; what a sender dates before the creation counts from the creation on.
_HISTORY = """
WITH told AS MATERIALIZED (
  SELECT e.ticket_id, e.updated_at, coalesce(e.sequence, 0) AS sequence, e.fingerprint, e.created_at, e.status,
         e.extra->>'project' AS project
    FROM incidents_ticket t JOIN incidents_ticketevent e ON e.ticket_id = t.id
   WHERE t.updated_at >= %s AND t.received_at <= %s
     AND e.updated_at <= %s AND e.received_at <= %s
), words AS MATERIALIZED (
  SELECT w.status, coalesce(s.category, 'active') AS category,
         array_position(ARRAY['new', 'active', 'waiting', 'resolved', 'closed'], coalesce(s.category, 'active')) AS rank
    FROM (SELECT DISTINCT status FROM told) w
    LEFT JOIN incidents_ticketstatus s
      ON s.key = lower(btrim(regexp_replace(w.status, '[\\s_-]+', ' ', 'g')))
), placed AS (
  SELECT told.*, words.category, words.category IN ('resolved', 'closed') AS is_done,
         row_number() OVER (PARTITION BY ticket_id ORDER BY updated_at, sequence, rank, fingerprint) AS place,
         row_number() OVER (PARTITION BY ticket_id
                            ORDER BY updated_at DESC, sequence DESC, rank DESC, fingerprint DESC) AS from_end
    FROM told JOIN words USING (status)
)"""
_ENDS = """
SELECT ticket_id, CASE WHEN {moment} IS NOT NULL
                       THEN greatest({moment}, max(created_at) FILTER (WHERE from_end = 1)) END AS moment,
       max(created_at) FILTER (WHERE from_end = 1) AS began, max(project) FILTER (WHERE from_end = 1) AS project
  FROM {rows} GROUP BY ticket_id"""
_ANSWERED = _ENDS.format(moment="min(updated_at) FILTER (WHERE category <> 'new')", rows="placed")
# The beginning of the stretch in which it has been resolved or closed ever since.
_RESOLVED = _ENDS.format(
    moment="min(updated_at) FILTER (WHERE is_done AND place > reopened)",
    rows="(SELECT placed.*, coalesce(max(place) FILTER (WHERE NOT is_done) OVER (PARTITION BY ticket_id), 0)"
    " AS reopened FROM placed) AS known",
)
_PICK = """
SELECT ticket_id, moment, floor(extract(epoch FROM moment))::bigint - floor(extract(epoch FROM began))::bigint AS wall,
       project
  FROM ends WHERE moment >= %s AND moment < %s"""


def ticket_moments(wanted: PastSet) -> tuple[str, Sequence[Any]]:
    """The statement that finds the tickets of a set: id, moment, seconds since the creation, the project's key."""
    if wanted.start is None or wanted.end is None:
        raise ValueError("Tickets are found by when it happened.")
    sql = f"{_HISTORY}, ends AS ({_ANSWERED if wanted.got == ANSWERED else _RESOLVED}){_PICK}"
    values: list[Any] = [wanted.start, wanted.as_of, wanted.as_of, wanted.as_of, wanted.start, wanted.end]
    if wanted.project == NONE:
        return f"{sql} AND project IS NULL", values
    return (f"{sql} AND project = %s", [*values, wanted.project]) if wanted.project else (sql, values)


def tickets_of(rows: TicketQuerySet, wanted: PastSet) -> TicketQuerySet:
    """The tickets of a set."""
    sql, values = ticket_moments(wanted)
    return rows.filter(pk__in=RawSQL(f"SELECT ticket_id FROM ({sql}) AS found", values))  # noqa: S608, S611


def alerts_of(rows: QuerySet[Alert], wanted: PastSet) -> QuerySet[Alert]:
    """The alerts that somebody took on, of those that were not withdrawn by then."""
    known = rows.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=wanted.as_of), fired_at__lte=wanted.as_of)
    taken = known.filter(
        acknowledged_at__gte=F("fired_at"),
        acknowledged_at__lte=wanted.as_of,
    )
    if wanted.start is not None:
        taken = taken.filter(acknowledged_at__gte=wanted.start)
    if wanted.end is not None:
        taken = taken.filter(acknowledged_at__lt=wanted.end)
    if not wanted.project:
        return taken
    told = TicketEvent.objects.filter(ticket=OuterRef("ticket"), updated_at__lte=wanted.as_of)
    latest = told.filter(received_at__lte=wanted.as_of).order_by("-updated_at", F("sequence").desc(nulls_last=True))
    taken = taken.alias(told_project=Subquery(latest.values(project=KeyTextTransform("project", "extra"))[:1]))
    return taken.filter(told_project=None if wanted.project == NONE else wanted.project)
