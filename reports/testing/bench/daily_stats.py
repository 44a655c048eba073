"""P8: daily figures: one day, and a year made anew, against bare statements that count the same."""

from collections.abc import Iterator
from typing import Any

from reports.models import DailyStat
from reports.services.daily_stats import advance_daily_stats, refresh_daily_stats
from reports.testing.bench.year import fill_year
from tracker.site_time import site_today
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, median, workload
from tracker.testing.bench.rounds import time_call

FLOWS = ("opened", "reopened", "closed", "moved")
_KINDS = {"work": ("OPEN", "TRIAGED", "IN_PROGRESS"), "tickets": ("new", "active", "waiting")}
_LABELS = {"work": ("low", "medium", "high", "critical"), "tickets": ("low", "medium", "high", "urgent")}
_STAYS = """
SELECT (started_at AT TIME ZONE 'UTC')::date AS day, project_id, status AS kind, severity AS label,
       lag(status) OVER w AS kind_before, lag(severity) OVER w AS label_before, lag(project_id) OVER w AS project_before
  FROM incidents_{name}span WINDOW w AS (PARTITION BY {name}_id ORDER BY started_at, id)
"""
_TICKETS = """
SELECT (at AT TIME ZONE 'UTC')::date AS day, project_id, kind, label, lag(kind) OVER w AS kind_before,
       lag(label) OVER w AS label_before, lag(project_id) OVER w AS project_before
  FROM (SELECT e.ticket_id, e.id, greatest(e.updated_at, t.created_at) AS at, p.id AS project_id, s.category AS kind,
               e.priority AS label, e.fingerprint, coalesce(e.sequence, 0) AS sequence,
               CASE s.category WHEN 'new' THEN 0 WHEN 'active' THEN 1 WHEN 'waiting' THEN 2 ELSE 3 END AS rank
          FROM incidents_ticketevent e JOIN incidents_ticket t ON t.id = e.ticket_id
          JOIN incidents_ticketstatus s ON s.key = lower(e.status)
          LEFT JOIN tracker_project p ON p.key = e.extra->>'project') e
WINDOW w AS (PARTITION BY ticket_id ORDER BY at, sequence, rank, fingerprint)
"""
# A transition counts where it comes from and where it goes to.
_BARE = """
INSERT INTO bench_daily
WITH steps AS ({steps}), sides AS (
    SELECT s.day, x.project_id, {flows}, {stocks} FROM steps s, LATERAL (VALUES
        (s.project_id, 1, s.kind, s.label, s.kind_before IS NULL, s.kind_before = ANY({closed}), false,
         s.project_id <> s.project_before),
        (s.project_before, -1, s.kind_before, s.label_before, false, false, s.kind = ANY({closed}),
         s.project_id <> s.project_before)
    ) AS x(project_id, by, kind, label, is_opened, is_reopened, is_closed, is_moved)
     WHERE x.kind IS NOT NULL GROUP BY 1, 2
), days AS (
    SELECT p.project_id, d::date AS day FROM (SELECT project_id, min(day) AS first FROM sides GROUP BY 1) p,
           generate_series(p.first, current_date, interval '1 day') d
)
SELECT '{measure}', d.project_id, d.day, jsonb_build_object('opened', coalesce(opened, 0), 'reopened',
       coalesce(reopened, 0), 'closed', coalesce(closed, 0), 'moved', coalesce(moved, 0)) || jsonb_build_object({sums})
  FROM days d LEFT JOIN sides USING (project_id, day)
WINDOW w AS (PARTITION BY d.project_id ORDER BY d.day)
"""
# The project that the ticket was in then.
_PROJECT = """
SELECT p.id AS project_id FROM incidents_ticketevent e LEFT JOIN tracker_project p ON p.key = e.extra->>'project'
 WHERE e.ticket_id = a.ticket_id AND e.updated_at <= a.crossed_at ORDER BY e.updated_at DESC LIMIT 1
"""
_SLA = """
INSERT INTO bench_daily
WITH hits AS (
    SELECT (a.crossed_at AT TIME ZONE 'UTC')::date AS day, project_id, count(*) AS alerts,
           count(*) FILTER (WHERE sla_state = 'breach') AS breaches, 0 AS met, 0 AS missed
      FROM incidents_alert a, LATERAL ({project}) t WHERE a.state <> 'withdrawn' GROUP BY 1, 2
    UNION ALL
    SELECT (a.stopped_at AT TIME ZONE 'UTC')::date, project_id, 0, 0, count(*) FILTER (WHERE verdict = 'met'),
           count(*) FILTER (WHERE verdict <> 'met')
      FROM (SELECT *, stopped_at AS crossed_at FROM incidents_clock) a, LATERAL ({project}) t
     WHERE a.state = 'stopped' AND a.verdict IS NOT NULL GROUP BY 1, 2, a.kind
)
SELECT 'sla', project_id, day, jsonb_build_object('alerts', sum(alerts), 'breaches', sum(breaches), 'met', sum(met),
       'missed', sum(missed)) FROM hits GROUP BY 2, 3
"""


def write_bare(measure: str, steps: str) -> str:
    """A statement as somebody would write it who knows the data: fixed words, no rows of before, nothing compared."""
    form = "tickets" if measure == "tickets" else "work"
    closed = "ARRAY['resolved', 'closed']" if measure == "tickets" else "ARRAY['DONE']"
    flows = ", ".join(f"count(*) FILTER (WHERE x.is_{name}) AS {name}" for name in FLOWS)
    words = [("kind", word) for word in _KINDS[form]] + [("label", word) for word in _LABELS[form]]
    stocks = ", ".join(
        f"sum(x.by) FILTER (WHERE x.{part} = '{word}' AND x.kind <> ALL({closed})) AS {part}_{word.lower()}"
        for part, word in words
    )
    sums = ", ".join(f"'{word}', coalesce(sum({part}_{word.lower()}) OVER w, 0)" for part, word in words)
    return _BARE.format(measure=measure, steps=steps, closed=closed, flows=flows, stocks=stocks, sums=sums)


BARE = (
    write_bare("issues", _STAYS.format(name="issue")),
    write_bare("incidents", _STAYS.format(name="incident")),
    write_bare("tickets", _TICKETS),
    _SLA.format(project=_PROJECT),
)


def read_rows() -> list[Any]:
    """Every row, to be compared."""
    return list(
        DailyStat.objects.order_by("measure", "project", "day").values_list("measure", "project", "day", "figures")
    )


@workload("P8", "Daily figures: one day, and a year made anew")
def measure(bench: Bench) -> Iterator[Finding]:
    """A year in twenty projects. The bare side knows each word beforehand, and neither compares nor keeps order.

    What a day costs whatever happens on it is planning, so its goal holds for half a million tickets.
    """
    fill_year(bench, work=bench.pick(60_000, 200_000), tickets=bench.pick(150_000, 500_000))
    bench.execute(
        "CREATE UNLOGGED TABLE IF NOT EXISTS bench_daily (measure text, project_id bigint, day date, figures jsonb)"
    )

    def make_anew() -> float:
        bench.empty("reports_dailystat")
        return time_call(refresh_daily_stats)

    with bench.raw_connection() as raw:
        raw.execute("SET jit = off")
        raw.execute("SET work_mem = '64MB'")
        raw.commit()

        def run_bare() -> None:
            for sql in BARE:
                raw.execute(sql)
            raw.commit()

        def count_bare() -> float:
            bench.empty("bench_daily")
            return time_call(run_bare)

        seconds = alternate({"ours": make_anew, "raw": count_bare}, bench.pick(3, 5))
    told = {side: f"{taken:.2f} s" for side, taken in seconds.items()}
    yield at_most("a year made anew / raw", seconds["ours"] / seconds["raw"], 1.15, **told)
    whole, today = read_rows(), site_today()
    days = []
    for _ in range(bench.pick(9, 15)):
        DailyStat.objects.filter(day=today).delete()
        days.append(time_call(advance_daily_stats))
    day = median(days)
    told = {"day": f"{day * 1000:.1f} ms", "year": f"{seconds['ours']:.2f} s"}
    yield at_most("one day / a year", day / seconds["ours"], bench.pick(1 / 100, 1 / 200), **told)
    yield at_least("both ways the same rows", float(read_rows() == whole), 1)
