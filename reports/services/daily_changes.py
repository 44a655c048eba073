"""What changed on which day, in one form for all measures: on day `n` so many `by` were added to the `word` of a `part`
in a project.

Day 1 is the first of `bounds`, 0 is all time before. The part `flow` counts what happened, parts named `open_by_…` what
is there. A statement reads all history, or finds by index what has changed `since`.
"""

from collections.abc import Callable, Mapping
from functools import partial

from incidents.choices import STOPPING_CATEGORIES, Category, IssueStatus, Severity
from incidents.services.told_order import MEANINGS, TOLD_ORDER
from reports.choices import DailyMeasure

FLOW, STATUSES = "flow", "open_by_status"
WAY = ("opened", "reopened", "closed", "moved_in", "moved_out")
VERDICTS = ("response_met", "response_missed", "resolution_met", "resolution_missed")
SEVERITIES = tuple(map(str, Severity))
OPEN_STATUSES = tuple(str(status) for status in IssueStatus if status != IssueStatus.DONE)
OPEN_CATEGORIES = tuple(str(category) for category in Category if category not in STOPPING_CATEGORIES)
CLOSED: Mapping[DailyMeasure, list[str]] = {
    DailyMeasure.ISSUES: [str(IssueStatus.DONE)],
    DailyMeasure.INCIDENTS: [str(IssueStatus.DONE)],
    DailyMeasure.TICKETS: sorted(map(str, STOPPING_CATEGORIES)),
    DailyMeasure.SLA: [],
}
_WORK = {FLOW: WAY, STATUSES: OPEN_STATUSES, "open_by_severity": SEVERITIES}
# What each measure always names; a part without names has free words.
WORDS: Mapping[DailyMeasure, Mapping[str, tuple[str, ...]]] = {
    DailyMeasure.ISSUES: _WORK,
    DailyMeasure.INCIDENTS: _WORK,
    DailyMeasure.TICKETS: {FLOW: WAY, STATUSES: OPEN_CATEGORIES, "open_by_priority": ()},
    DailyMeasure.SLA: {FLOW: ("alerts", "breaches", *VERDICTS)},
}

# From what was so before (null: it was not there) to what is so then, as changes. `kind` and `label` are the words of
# both stocks, of which only open ones count.
_STEPS = """
SELECT m.n, c.project_id, c.part, c.word, sum(c.by * m.times)::bigint AS by FROM moves m CROSS JOIN LATERAL (VALUES
    (m.project_before, 'flow', 'closed', CASE WHEN m.was_open AND NOT m.is_open THEN 1 END),
    (m.project_id, 'flow', 'opened', CASE WHEN m.is_open AND m.kind_before IS NULL THEN 1 END),
    (m.project_id, 'flow', 'reopened', CASE WHEN m.is_open AND NOT m.was_open AND m.kind_before IS NOT NULL THEN 1 END),
    (m.project_before, 'flow', 'moved_out', CASE WHEN m.has_gone THEN 1 END),
    (m.project_id, 'flow', 'moved_in', CASE WHEN m.has_gone THEN 1 END),
    (m.project_before, 'open_by_status', m.kind_before, CASE WHEN m.was_open THEN -1 END),
    (m.project_id, 'open_by_status', m.kind, CASE WHEN m.is_open THEN 1 END),
    (m.project_before, '{labels}', m.label_before, CASE WHEN m.was_open THEN -1 END),
    (m.project_id, '{labels}', m.label, CASE WHEN m.is_open THEN 1 END)
) AS c(project_id, part, word, by) WHERE c.by IS NOT NULL GROUP BY 1, 2, 3, 4
"""
_MOVES = """
SELECT n, kind, kind_before, label, label_before, project_id, project_before, count(*) AS times,
       NOT kind = ANY(%(closed)s) AS is_open, coalesce(NOT kind_before = ANY(%(closed)s), false) AS was_open,
       NOT kind = ANY(%(closed)s) AND NOT kind_before = ANY(%(closed)s)
           AND project_id IS DISTINCT FROM project_before AS has_gone
  FROM ({steps}) steps
 WHERE (kind, label, project_id) IS DISTINCT FROM (kind_before, label_before, project_before)
 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_STAYS = """
SELECT width_bucket(s.started_at, %(bounds)s::timestamptz[]) AS n,
       s.status AS kind, lag(s.status) OVER stays AS kind_before,
       s.severity AS label, lag(s.severity) OVER stays AS label_before,
       s.project_id, lag(s.project_id) OVER stays AS project_before
  FROM incidents_{name}span s {scope}
WINDOW stays AS (PARTITION BY s.{name}_id ORDER BY s.started_at, s.id)
"""
_STAYS_SINCE = """
 WHERE s.{name}_id IN (SELECT {name}_id FROM incidents_{name}span WHERE started_at >= %(since)s)
"""
# As for the clocks, of one instant the last word counts, and
# what a sender dates before the ticket's creation counts from the creation on. Until the first word it is new.
_TICKETS = """
SELECT steps.* FROM (
    SELECT at, created_at, first_label, first_project, kind, lag(kind) OVER words AS kind_before,
           label, lag(label) OVER words AS label_before,
           project_id, lag(project_id) OVER words AS project_before
      FROM (
        SELECT e.ticket_id, t.created_at, greatest(e.updated_at, t.created_at) AS at,
               lead(e.updated_at) OVER told AS next_at, row_number() OVER told AS place,
               w.category AS kind, e.priority AS label, p.id AS project_id,
               first_value(e.priority) OVER told AS first_label, first_value(p.id) OVER told AS first_project
          FROM incidents_ticketevent e
          JOIN incidents_ticket t ON t.id = e.ticket_id
          JOIN statuses w ON w.status = e.status
          LEFT JOIN tracker_project p ON p.key = e.extra->>'project' {scope}
        WINDOW told AS (PARTITION BY e.ticket_id ORDER BY {order})
      ) ordered
     WHERE next_at IS NULL OR next_at > at
    WINDOW words AS (PARTITION BY ticket_id ORDER BY place)
) moments CROSS JOIN LATERAL (
    SELECT width_bucket(created_at, %(bounds)s::timestamptz[]) AS n, 'new' AS kind, NULL AS kind_before,
           first_label AS label, NULL AS label_before, first_project AS project_id, NULL::bigint AS project_before
     WHERE kind_before IS NULL
    UNION ALL
    SELECT width_bucket(at, %(bounds)s::timestamptz[]), kind, coalesce(kind_before, 'new'),
           label, CASE WHEN kind_before IS NULL THEN first_label ELSE label_before END,
           project_id, CASE WHEN kind_before IS NULL THEN first_project ELSE project_before END
) steps
"""
_TICKETS_SINCE = " WHERE t.updated_at >= %(since)s"
# What was promised and how it went, in the project that the ticket was in at that moment. Few tickets ever change it:
# only theirs is looked up in the history.
_SLA_HITS = """
hits AS (
    SELECT a.ticket_id, a.crossed_at AS at, c.word FROM incidents_alert a CROSS JOIN LATERAL (
        SELECT 'alerts' AS word
        UNION ALL
        SELECT 'breaches' WHERE a.sla_state = 'breach' AND NOT EXISTS (
            SELECT FROM incidents_alert b WHERE b.clock_id = a.clock_id AND b.percent < a.percent
               AND b.sla_state = 'breach' AND b.state <> 'withdrawn')
    ) c WHERE a.state <> 'withdrawn' {alerts_scope}
    UNION ALL
    SELECT c.ticket_id, c.stopped_at, c.kind || CASE c.verdict WHEN 'met' THEN '_met' ELSE '_missed' END
      FROM {clocks} c WHERE c.state = 'stopped' AND c.verdict IS NOT NULL
), movers AS (
    SELECT DISTINCT e.ticket_id FROM incidents_ticketevent e JOIN incidents_ticket t ON t.id = e.ticket_id
      LEFT JOIN tracker_project p ON p.id = t.project_id
     WHERE coalesce(e.extra->>'project', '') <> coalesce(p.key, '') {movers_scope}
), """
_SLA = """
SELECT width_bucket(h.at, %(bounds)s::timestamptz[]) AS n, CASE WHEN m.ticket_id IS NULL THEN t.project_id ELSE (
        SELECT p.id FROM (
            SELECT e.extra, e.updated_at <= h.at AS is_past, row_number() OVER told AS place
              FROM incidents_ticketevent e JOIN statuses w ON w.status = e.status WHERE e.ticket_id = m.ticket_id
            WINDOW told AS (ORDER BY {order})
        ) e LEFT JOIN tracker_project p ON p.key = e.extra->>'project'
         ORDER BY is_past DESC, CASE WHEN is_past THEN -place ELSE place END LIMIT 1
    ) END AS project_id, 'flow' AS part, h.word, count(*) AS by
  FROM hits h JOIN incidents_ticket t ON t.id = h.ticket_id LEFT JOIN movers m ON m.ticket_id = h.ticket_id
 GROUP BY 1, 2, 4
"""
_ALERTS_SINCE = "AND a.crossed_at >= %(since)s"
# What stops a clock is an event, which is the ticket's last or before it. Ticket by ticket: there are few.
_CLOCKS_SINCE = """(
    SELECT k.* FROM incidents_ticket t, LATERAL (SELECT * FROM incidents_clock WHERE ticket_id = t.id OFFSET 0) k
     WHERE t.updated_at >= %(since)s AND k.stopped_at >= %(since)s
)"""
_MOVERS_SINCE = "AND e.ticket_id IN (SELECT ticket_id FROM hits)"
_SPELLINGS = f"statuses AS (SELECT * FROM {MEANINGS}), "  # noqa: S608
READ_SPELLINGS = "SELECT DISTINCT e.status FROM incidents_ticketevent e"
# Ticket by ticket as well: there are far too many events to look through them all.
READ_SPELLINGS_SINCE = f"""
SELECT DISTINCT e.status FROM (
    SELECT t.id FROM incidents_ticket t {_TICKETS_SINCE}
    UNION SELECT a.ticket_id FROM incidents_alert a WHERE a.crossed_at >= %(since)s
) touched, LATERAL (SELECT status FROM incidents_ticketevent WHERE ticket_id = touched.id OFFSET 0) e
"""  # noqa: S608


def _change_work(name: str, is_whole: bool) -> tuple[str, str]:
    scope = "" if is_whole else _STAYS_SINCE.format(name=name)
    steps = _STAYS.format(name=name, scope=scope)
    return f"moves AS ({_MOVES.format(steps=steps)}), ", _STEPS.format(labels="open_by_severity")


def _change_tickets(is_whole: bool) -> tuple[str, str]:
    steps = _TICKETS.format(order=TOLD_ORDER, scope="" if is_whole else _TICKETS_SINCE)
    return f"{_SPELLINGS}moves AS ({_MOVES.format(steps=steps)}), ", _STEPS.format(labels="open_by_priority")


def _change_sla(is_whole: bool) -> tuple[str, str]:
    hits = _SLA_HITS.format(
        alerts_scope="" if is_whole else _ALERTS_SINCE,
        clocks="incidents_clock" if is_whole else _CLOCKS_SINCE,
        movers_scope="" if is_whole else _MOVERS_SINCE,
    )
    return _SPELLINGS + hits, _SLA.format(order=TOLD_ORDER)


# For each measure, by whether all history is read: the tables that go before, and the changes.
CHANGES: Mapping[DailyMeasure, Callable[[bool], tuple[str, str]]] = {
    DailyMeasure.ISSUES: partial(_change_work, "issue"),
    DailyMeasure.INCIDENTS: partial(_change_work, "incident"),
    DailyMeasure.TICKETS: _change_tickets,
    DailyMeasure.SLA: _change_sla,
}
