"""P9, first half: lead times, against a bare statement and against the same worked out in Python."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from incidents.models import Calendar as StoredCalendar
from incidents.models import Issue
from incidents.services.policy_documents import specify_calendar
from incidents.sla.calendars import Calendar, compile_calendar
from reports.kinds.contract import Question
from reports.kinds.lead_time import compute_lead_time
from tracker.access import Actor
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most
from tracker.testing.bench.rounds import time_call

PROJECTS = 100
START = datetime(2023, 1, 2, tzinfo=UTC)
DAYS = 1_095
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# So short that one alone tells of the machine.
TIMES = 10
SHARES = (0.5, 0.85, 0.95)
ISSUES = """
INSERT INTO incidents_issue (project_id, number, title, description, description_html, severity, priority, status,
    reporter_label, source, source_id, created_at, updated_at, done_at)
SELECT (SELECT min(id) FROM tracker_project) + i %% %(projects)s, i, 'Issue ' || i, repeat('text ', 20), '',
    (ARRAY['low', 'medium', 'high', 'critical'])[1 + i %% 4], 2, 'DONE', '', '', '', at, at + took, at + took
FROM generate_series(1, %(count)s) i, LATERAL (
    SELECT %(start)s + random() * interval '1090 days' + i * interval '0' AS at,
        (interval '1 second') * floor(exp(9 + 3 * random()) + i * 0) AS took) drawn
"""
# Each was open once, and is done since; as the trigger would have filled them in.
STAYS = """
INSERT INTO incidents_issuespan (issue_id, status, severity, project_id, started_at, ended_at, started_by, entered_at,
    age_seconds)
SELECT id, 'OPEN', severity, project_id, created_at, done_at, '', created_at, 0 FROM incidents_issue
UNION ALL SELECT id, 'DONE', severity, project_id, done_at, NULL, '', done_at,
    floor(extract(epoch FROM done_at)) - floor(extract(epoch FROM created_at)) FROM incidents_issue
"""
BARE = """
SELECT grouping(project_id, month), project_id, month, count(*), sum(age_seconds),
       percentile_cont(ARRAY[0.5, 0.85, 0.95]) WITHIN GROUP (ORDER BY age_seconds::float8)
  FROM (SELECT project_id, age_seconds, date_trunc('month', entered_at AT TIME ZONE 'UTC')::date AS month
          FROM incidents_issuespan
         WHERE status = 'DONE' AND started_at <= %(as_of)s AND (ended_at IS NULL OR ended_at > %(as_of)s)
           AND entered_at >= %(start)s AND entered_at <= %(as_of)s) s
 GROUP BY GROUPING SETS ((), (project_id), (month))
"""
As = dict[str, Any]


def measure_lead_times(bench: Bench) -> Iterator[Finding]:
    """By project and over time, of everything and of one project's last 30 days; in working time as well."""
    count, rounds = bench.pick(20_000, 500_000), bench.pick(5, 7)
    fill(bench, count)
    with bench.raw_connection() as raw:
        sides = _name_sides(bench, raw)
        for side in sides.values():
            side()
        seconds = alternate({name: partial(time_call, side) for name, side in sides.items()}, rounds)
    seconds["one project, 30 days"] /= TIMES
    told = {name: f"{taken * 1000:.1f} ms" for name, taken in seconds.items()}
    yield at_most(
        "lead time, all / raw", seconds["all"] / seconds["raw"], bench.pick(2, 1.3), all=told["all"], raw=told["raw"]
    )
    ratio = seconds["one project, 30 days"] / seconds["all"]
    # Of few rows the fixed cost of a question shows: the goal holds for half a million.
    few = told["one project, 30 days"]
    yield at_most("lead time, one project's 30 days / all", ratio, bench.pick(1, 0.01), one=few, all=told["all"])
    for name in ("", ", office hours"):
        ours, theirs = f"all{name}", f"in Python{name}"
        faster = seconds[theirs] / seconds[ours]
        goal = bench.pick(3, 8)
        yield at_least(f"lead time{name}, in Python / ours", faster, goal, ours=told[ours], python=told[theirs])


def _name_sides(bench: Bench, raw: "psycopg.Connection[Any]") -> dict[str, Callable[[], object]]:
    as_of = START + timedelta(days=DAYS)
    key = bench.execute("SELECT key FROM tracker_project ORDER BY id LIMIT 1")[0][0]
    everything = {"from": START.date().isoformat(), "to": as_of.date().isoformat()}
    office = compile_calendar(specify_calendar(StoredCalendar.objects.get(name="bench office")))
    asked: As = {"start": START, "as_of": as_of}
    return {
        "all": partial(ask, as_of, **everything),
        "raw": partial(_fetch, raw, BARE, asked),
        "in Python": partial(compute_in_python, asked, None),
        "one project, 30 days": partial(_repeat, partial(ask, as_of, project=key)),
        "all, office hours": partial(ask, as_of, calendar="bench office", **everything),
        "in Python, office hours": partial(compute_in_python, asked, office),
    }


def fill(bench: Bench, count: int) -> None:
    """Issues of three years, each with its stays, as a settled database has them."""
    bench.empty("incidents_issue", "tracker_project")
    bench.execute(
        "INSERT INTO tracker_project (key, name, last_issue_number, created_at) "
        "SELECT 'B' || i, 'Project ' || i, 0, now() FROM generate_series(1, %s) i",
        [PROJECTS],
    )
    bench.execute(ISSUES, {"count": count, "projects": PROJECTS, "start": START})
    bench.execute("ALTER TABLE incidents_issuespan DISABLE TRIGGER incidents_issuespan_age")
    bench.execute(STAYS)
    bench.execute("ALTER TABLE incidents_issuespan ENABLE TRIGGER incidents_issuespan_age")
    bench.execute("VACUUM ANALYZE incidents_issue")
    bench.execute("VACUUM ANALYZE incidents_issuespan")
    StoredCalendar.objects.get_or_create(name="bench office", defaults={"timezone": "Europe/Berlin", "hours": OFFICE})


def ask(as_of: datetime, **parameters: Any) -> object:
    """The whole computation of the report, as a background job runs it."""
    asked = {"subject": "issues", "group_by": "project", "project": "", "calendar": "", "days": 30, **parameters}
    return compute_lead_time(Question(Actor.system("bench"), asked, as_of))


def compute_in_python(asked: As, calendar: Calendar | None) -> object:
    """The same figures as an application works them out that reads its rows, in the cheapest way the ORM knows."""
    groups: dict[Any, list[float]] = defaultdict(list)
    worked: dict[Any, list[float]] = defaultdict(list)
    done = Issue.objects.filter(done_at__gte=asked["start"], done_at__lte=asked["as_of"]).order_by()
    for project, since, until in done.values_list("project_id", "created_at", "done_at").iterator(50_000):
        if until is None:
            continue
        age = (until - since).total_seconds()
        keys = (None, project, (until.year, until.month))
        for key in keys:
            groups[key].append(age)
        if calendar is not None:
            working = calendar.elapsed(since, until).total_seconds()
            for key in keys:
                worked[key].append(working)
    told = [*groups.values(), *worked.values()]
    return [(len(one), sum(one) / len(one), *_percentiles(one)) for one in told]


def _percentiles(values: list[float]) -> Sequence[float]:
    values.sort()
    found = []
    for share in SHARES:
        place = share * (len(values) - 1)
        low, high = values[math.floor(place)], values[math.ceil(place)]
        found.append(low + (high - low) * (place - math.floor(place)))
    return found


def _repeat(call: Callable[[], object]) -> None:
    for _ in range(TIMES):
        call()


def _fetch(raw: "psycopg.Connection[Any]", sql: str, asked: As) -> list[Any]:
    return raw.execute(sql, asked).fetchall()
