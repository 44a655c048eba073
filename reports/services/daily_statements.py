"""Daily figures as one set statement for each measure: what changes come to, and the rows that say otherwise.

One day and ten years are one statement: the days after one that is right begin with the stocks of its rows, a rebuild
begins with nothing.
"""

from reports.choices import DailyMeasure
from reports.services.daily_changes import CHANGES

# Free words are named in the order in which a project came to have them; the rest is counted together.
MOST_WORDS = 20
OTHER = "other"
_BEFORE = """
SELECT 0, project_id, part.key, word.key, word.value::bigint FROM reports_dailystat,
       jsonb_each(figures) part, jsonb_each(part.value) word
 WHERE measure = %(measure)s AND day = %(first)s::date - 1 AND jsonb_typeof(part.value) = 'object'
UNION ALL
SELECT 0, project_id, 'flow', NULL, 0 FROM reports_dailystat WHERE measure = %(measure)s AND day = %(first)s::date - 1
"""
# What is open at this moment by the tables themselves, to which the last day must come.
_PRESENT = {
    DailyMeasure.ISSUES: "SELECT project_id, count(*) FROM incidents_issue WHERE status <> 'DONE' GROUP BY 1",
    DailyMeasure.INCIDENTS: "SELECT project_id, count(*) FROM incidents_incident WHERE status <> 'DONE' GROUP BY 1",
    DailyMeasure.TICKETS: "SELECT project_id, count(*) FROM incidents_ticket WHERE is_open GROUP BY 1",
}
# Rows that are right already are not touched, but for noting that a day which was still running is over.
_WRITE = """
changes AS (
    SELECT r.n, coalesce(p.id, 0) AS project, r.part, r.word, sum(r.by)::bigint AS by
      FROM ({changes}) AS r(n, project_id, part, word, by) LEFT JOIN tracker_project p ON p.id = r.project_id
     WHERE r.n <= %(days)s GROUP BY 1, 2, 3, 4 HAVING sum(r.by) <> 0 OR r.n = 0
), words AS (
    SELECT project, part, word, since, CASE WHEN place > %(most_words)s THEN %(other)s ELSE word END AS name FROM (
        SELECT project, part, word, min(n) AS since,
               row_number() OVER (PARTITION BY project, part ORDER BY word = %(other)s, min(n), word) AS place
          FROM changes GROUP BY 1, 2, 3) found
), names AS (
    SELECT project, part, name, min(since) AS since FROM (
        SELECT project, part, name, since FROM words WHERE name IS NOT NULL
        UNION ALL
        SELECT project, part, name, since FROM (SELECT project, min(n) AS since FROM changes GROUP BY 1) projects,
               unnest(%(parts)s::text[], %(names)s::text[]) AS always(part, name)
    ) known GROUP BY 1, 2, 3
), named AS (
    SELECT c.project, c.part, w.name, c.n, sum(c.by)::bigint AS by
      FROM changes c JOIN words w USING (project, part, word) GROUP BY 1, 2, 3, 4
), grid AS (
    SELECT s.project, s.part, s.name, d.n, coalesce(c.by, 0) AS by,
           sum(coalesce(c.by, 0)) OVER (PARTITION BY s.project, s.part, s.name ORDER BY d.n)::bigint AS stock
      FROM names s CROSS JOIN LATERAL generate_series(s.since, %(days)s) AS d(n)
      LEFT JOIN named c ON (c.project, c.part, c.name, c.n) = (s.project, s.part, s.name, d.n)
), parts AS (
    SELECT project, n, part, sum(stock) FILTER (WHERE part = 'open_by_status') AS open,
           jsonb_object_agg(name, CASE part WHEN 'flow' THEN by ELSE stock END) AS figures
      FROM grid WHERE n > 0 GROUP BY 1, 2, 3
), days AS (
    SELECT nullif(project, 0) AS project_id, %(first)s::date + n - 1 AS day,
           (%(bounds)s::timestamptz[])[n + 1] AS ends_at, sum(open)::bigint AS open,
           %(empty)s::jsonb || jsonb_object_agg(part, figures) AS figures
      FROM parts GROUP BY project, n
), computed AS (
    SELECT project_id, day, ends_at, coalesce(open, 0) AS open,
           jsonb_strip_nulls(jsonb_build_object('open', open)) || (figures->'flow') || (figures - 'flow') AS figures
      FROM days
), wrong AS (
    SELECT c.* FROM computed c LEFT JOIN reports_dailystat s
        ON s.measure = %(measure)s AND s.day = c.day AND s.project_id IS NOT DISTINCT FROM c.project_id
     WHERE c.day BETWEEN %(write_first)s AND %(write_last)s
       AND (s.id IS NULL OR s.figures <> c.figures OR s.refreshed_at < c.ends_at)
), written AS (
    INSERT INTO reports_dailystat (day, project_id, measure, figures, refreshed_at)
    SELECT day, project_id, %(measure)s, figures, %(now)s FROM wrong
    ON CONFLICT (project_id, measure, day)
        DO UPDATE SET figures = excluded.figures, refreshed_at = excluded.refreshed_at RETURNING 1
), removed AS (
    DELETE FROM reports_dailystat s
     WHERE s.measure = %(measure)s AND s.day BETWEEN %(write_first)s AND %(write_last)s
       AND (s.day, coalesce(s.project_id, 0)) NOT IN (SELECT day, coalesce(project_id, 0) FROM computed)
    RETURNING 1
)
SELECT (SELECT count(*) FROM computed WHERE day BETWEEN %(write_first)s AND %(write_last)s),
       (SELECT count(*) FROM written), (SELECT count(*) FROM removed), {is_right}
"""
_IS_RIGHT = """
NOT EXISTS (
    SELECT FROM (SELECT coalesce(project_id, 0), open FROM computed WHERE day = %(write_last)s) AS c(project, open)
      FULL JOIN (SELECT coalesce(project_id, 0), open FROM ({present}) AS p(project_id, open)) AS p(project, open)
     USING (project) WHERE coalesce(c.open, 0) <> coalesce(p.open, 0))
"""


def write_statement(measure: DailyMeasure, *, is_whole: bool, is_until_now: bool) -> str:
    """The statement that brings the rows of a measure up to history, and answers how many there are, how many it wrote
    and took away, and whether the last day comes to what is open by the tables.

    A whole one reads all history; else the days begin after a day whose rows are right, and only what has changed since
    is read. `is_until_now` says that the last day is the one that is running.
    """
    tables, changes = CHANGES[measure](is_whole)
    if not is_whole:
        changes = f"SELECT * FROM ({changes}) since WHERE n > 0 UNION ALL {_BEFORE}"  # noqa: S608
    present = _PRESENT.get(measure) if is_until_now else None
    is_right = _IS_RIGHT.format(present=present) if present else "true"
    return f"WITH {tables}{_WRITE.format(changes=changes, is_right=is_right)}"
