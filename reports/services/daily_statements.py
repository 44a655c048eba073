"""Daily figures as one set statement for each measure: what changes come to, and the rows that say otherwise.

One day and ten years are one statement: the days after one that is right begin with the stocks of its rows, a rebuild
begins with nothing.
"""

from collections.abc import Mapping, Sequence

from reports.choices import DailyMeasure
from reports.services.daily_changes import CHANGES, FLOW, STATUSES, WORDS

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
# What is always named has a column of its own, which costs least; free words have a row each.
_COUNT = """
changes AS (
    SELECT r.n, coalesce(p.id, 0) AS project, r.part, r.word, sum(r.by)::bigint AS by
      FROM ({changes}) AS r(n, project_id, part, word, by) LEFT JOIN tracker_project p ON p.id = r.project_id
     WHERE r.n <= %(days)s GROUP BY 1, 2, 3, 4 HAVING sum(r.by) <> 0 OR r.n = 0
), counted AS (
    SELECT project, n, {counts} FROM (
        SELECT project, n, part, word, by FROM changes
        UNION ALL
        SELECT project, generate_series(min(n), %(days)s), NULL, NULL, NULL FROM changes GROUP BY 1
    ) known GROUP BY 1, 2
), figures AS (
    SELECT project, n, {figures} FROM counted WINDOW until AS (PARTITION BY project ORDER BY n)
), {free}computed AS (
    SELECT project, %(first)s::date + n - 1 AS day, (%(bounds)s::timestamptz[])[n + 1] AS ends_at, {open} AS open,
           {told} AS figures
      FROM figures {join} WHERE n > 0
), """
_FREE_WORDS = """
words AS (
    SELECT project, word, since, CASE WHEN place > %(most_words)s THEN %(other)s ELSE word END AS name FROM (
        SELECT project, word, min(n) AS since,
               row_number() OVER (PARTITION BY project ORDER BY word = %(other)s, min(n), word) AS place
          FROM changes WHERE part = '{part}' GROUP BY 1, 2) found
), free AS (
    SELECT project, n, jsonb_object_agg(name, stock) AS words FROM (
        SELECT project, name, n, sum(sum(by)) OVER (PARTITION BY project, name ORDER BY n)::bigint AS stock FROM (
            SELECT c.project, w.name, c.n, c.by
              FROM changes c JOIN words w ON (w.project, w.word) = (c.project, c.word) WHERE c.part = '{part}'
            UNION ALL
            SELECT project, name, generate_series(min(since), %(days)s), 0 FROM words GROUP BY 1, 2
        ) known GROUP BY 1, 2, 3
    ) stocks GROUP BY 1, 2
), """
# Rows that are right already are not touched, but for noting that a day which was still running is over.
_WRITE = """
compared AS (
    SELECT day, project, c.figures, s.id, c.figures IS NULL AS is_gone
      FROM (SELECT * FROM computed WHERE day BETWEEN %(write_first)s AND %(write_last)s) c
      FULL JOIN (
        SELECT id, day, coalesce(project_id, 0) AS project, figures, refreshed_at FROM reports_dailystat
         WHERE measure = %(measure)s AND day BETWEEN %(write_first)s AND %(write_last)s
      ) s USING (day, project)
     WHERE s.id IS NULL OR c.figures IS NULL OR s.figures <> c.figures OR s.refreshed_at < c.ends_at
), written AS (
    INSERT INTO reports_dailystat (day, project_id, measure, figures, refreshed_at)
    SELECT day, nullif(project, 0), %(measure)s, figures, %(now)s FROM compared WHERE NOT is_gone
    ON CONFLICT (project_id, measure, day)
        DO UPDATE SET figures = excluded.figures, refreshed_at = excluded.refreshed_at RETURNING 1
), removed AS (
    DELETE FROM reports_dailystat WHERE id IN (SELECT id FROM compared WHERE is_gone) RETURNING 1
)
SELECT (SELECT count(*) FROM computed WHERE day BETWEEN %(write_first)s AND %(write_last)s),
       (SELECT count(*) FROM written), (SELECT count(*) FROM removed), {is_right}
"""
_IS_RIGHT = """
NOT EXISTS (
    SELECT FROM (SELECT project, open FROM computed WHERE day = %(write_last)s) c
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
    return f"WITH {tables}{_count_statement(WORDS[measure], changes)}{_WRITE.format(is_right=is_right)}"


def _count_statement(words: Mapping[str, Sequence[str]], changes: str) -> str:
    columns = {(part, word): f"{part}_{word}".lower() for part, names in words.items() for word in names}
    counts = [
        f"coalesce(sum(by) FILTER (WHERE part = '{part}' AND word = '{word}'), 0)::bigint AS {column}"
        for (part, word), column in columns.items()
    ]
    figures = [
        column if part == FLOW else f"sum({column}) OVER until::bigint AS {column}"
        for (part, _), column in columns.items()
    ]
    free = [part for part, names in words.items() if not names]
    return _COUNT.format(
        changes=changes,
        counts=", ".join(counts),
        figures=", ".join(figures),
        free=_FREE_WORDS.format(part=free[0]) if free else "",
        open=" + ".join(column for (part, _), column in columns.items() if part == STATUSES) or 0,
        told=_tell(words, columns),
        # A full join is never done row by row, however few rows the database expects.
        join="FULL JOIN free USING (project, n)" if free else "",
    )


def _tell(words: Mapping[str, Sequence[str]], columns: Mapping[tuple[str, str], str]) -> str:
    """The figures of a row as JSON."""
    told = [f"'{word}', {columns[FLOW, word]}" for word in words[FLOW]]
    if STATUSES in words:
        told.append("'open', " + " + ".join(columns[STATUSES, word] for word in words[STATUSES]))
    for part, names in words.items():
        pairs = ", ".join(f"'{word}', {columns[part, word]}" for word in names)
        if not names:
            told.append(f"'{part}', coalesce(words, '{{}}')")
        elif part != FLOW:
            told.append(f"'{part}', jsonb_build_object({pairs})")
    return f"jsonb_build_object({', '.join(told)})"
