"""What was open at each end of a stretch of days and what came and went between, read from history alone.

A stay is a stretch in which a row was the same. Issues and incidents keep theirs; those of tickets follow from what was
told of them by the moment in question. Only rows that were open at the start or changed since are read.
"""

from incidents.services.told_order import MEANINGS, TOLD_ORDER

# The stay before one that begins in the period ends in it, so it is here as well.
_WORK = """
stays AS (
  SELECT s.{name}_id AS row, s.id AS place, s.status, s.severity AS label, s.project_id, s.started_at, s.ended_at
    FROM incidents_{name}span s
   WHERE s.started_at < %(end)s AND {rights}
     AND (s.ended_at >= %(start)s OR (s.ended_at IS NULL AND (s.status <> 'DONE' OR s.started_at >= %(start)s))))
"""
# What was closed before the start and of which nothing was told since was not open then.
_CANDIDATES = """
t.received_at <= %(as_of)s AND {rights} AND (
  t.is_open OR t.updated_at >= %(start)s OR t.created_at >= %(start)s
  OR t.id IN (SELECT late.ticket_id FROM incidents_ticketevent late WHERE late.received_at > %(as_of)s))
"""
# Of one instant the last word counts, what a sender dates before the creation counts from
# the creation on, and until the first word a ticket is new.
_TICKETS = """
told AS (
  SELECT e.ticket_id AS row, e.updated_at, w.category AS status, e.priority AS label, p.id AS project_id,
         last_value(e.created_at) OVER whole AS created_at, row_number() OVER told AS place,
         lead(e.updated_at) OVER told AS next_at, first_value(e.priority) OVER told AS first_label,
         first_value(p.id) OVER told AS first_project
    FROM incidents_ticket t JOIN incidents_ticketevent e ON e.ticket_id = t.id
    JOIN {meanings} ON w.status = e.status
    LEFT JOIN tracker_project p ON p.key = e.extra->>'project'
   WHERE {candidates} AND e.received_at <= %(as_of)s AND e.updated_at <= %(as_of)s
  WINDOW told AS (PARTITION BY e.ticket_id ORDER BY {order}),
         whole AS (told ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), words AS (
  SELECT *, greatest(updated_at, created_at) AS at FROM told
   WHERE next_at IS NULL OR next_at > greatest(updated_at, created_at)
), stays AS (
  SELECT row, place, status, label, project_id, at AS started_at,
         lead(at) OVER (PARTITION BY row ORDER BY place) AS ended_at
    FROM words
   UNION ALL
  SELECT row, 0, 'new', first_label, first_project, created_at, min(at) FROM words GROUP BY 1, 4, 5, 6)
"""
_COUNT = """,
steps AS (
  SELECT *, lag(status) OVER before AS was, lag(project_id) OVER before AS came_from FROM stays
  WINDOW before AS (PARTITION BY row ORDER BY started_at, place)
), known AS (
  SELECT status, label, width_bucket(started_at, %(bounds)s::timestamptz[]) AS n,
         CASE WHEN ended_at < %(end)s THEN width_bucket(ended_at, %(bounds)s::timestamptz[]) END AS gone,
         NOT status = ANY(%(closed)s) AS is_open, was IS NULL AS is_first,
         coalesce(NOT was = ANY(%(closed)s), false) AS was_open,
         coalesce(%(project)s::bigint IS NULL OR project_id = %(project)s, false) AS is_in,
         was IS NOT NULL AND coalesce(%(project)s::bigint IS NULL OR came_from = %(project)s, false) AS was_in
    FROM steps WHERE started_at < %(end)s
)
SELECT n, 'stock', status, label, count(*) FROM known WHERE is_open AND is_in GROUP BY 1, 3, 4
UNION ALL
SELECT gone, 'stock', status, label, -count(*) FROM known WHERE is_open AND is_in AND gone IS NOT NULL GROUP BY 1, 3, 4
UNION ALL
SELECT n, flow, '', '', count(*) FROM known CROSS JOIN LATERAL (VALUES
  ('opened', is_open AND is_first AND is_in),
  ('reopened', is_open AND NOT is_first AND NOT was_open AND is_in),
  ('closed', NOT is_open AND was_open AND was_in),
  ('moved_in', is_open AND was_open AND is_in AND NOT was_in),
  ('moved_out', is_open AND was_open AND was_in AND NOT is_in)) AS flows(flow, is_so)
 WHERE n > 0 AND is_so GROUP BY 1, 2
"""


def count_work(name: str, rights: str) -> str:
    """The statement for issues or incidents, `name`; answers (bucket or 0 for before, part, status, label, by)."""
    return f"WITH {_WORK.format(name=name, rights=rights)}{_COUNT}"


def count_tickets(rights: str) -> str:
    """The statement for tickets, which needs to be told what their statuses mean."""
    candidates = _CANDIDATES.format(rights=rights)
    return f"WITH {_TICKETS.format(candidates=candidates, meanings=MEANINGS, order=TOLD_ORDER)}{_COUNT}"


def read_spellings(rights: str) -> str:
    """The statement that finds the statuses of these tickets as senders spell them."""
    return (
        "SELECT DISTINCT e.status FROM incidents_ticket t JOIN incidents_ticketevent e ON e.ticket_id = t.id"  # noqa: S608
        f" WHERE {_CANDIDATES.format(rights=rights)}"
    )
