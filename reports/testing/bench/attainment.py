"""P9, second half: SLA attainment, against a bare statement and against the same counted in Python."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
from django.utils import timezone

from incidents.models import Clock
from incidents.services.policy_versions import ensure_default_policy
from incidents.testing.bench.events import TABLES
from reports.kinds.contract import Question
from reports.kinds.sla_attainment import compute_attainment
from reports.services.snapshots import open_snapshot
from tracker.access import Actor
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most
from tracker.testing.bench.rounds import time_call

PROJECTS = 100
START = datetime(2023, 1, 2, tzinfo=UTC)
DAYS = 1_095
# A short question is measured that many times over.
TIMES = 10
TICKETS = """
INSERT INTO incidents_ticket (id, external_id, priority, customer_tier, status, category, title, description, url,
  project_id, sender_assignee, attributes, created_at, updated_at, received_at, is_open, has_sla)
SELECT i, 'CASE-' || i, (ARRAY['low', 'medium', 'high', 'critical'])[1 + i %% 4],
  (ARRAY['gold', 'silver', 'bronze'])[1 + i %% 3], 'closed', 'closed', 'Something is wrong', '', '',
  (SELECT min(id) FROM tracker_project) + i %% %(projects)s, '', '{}', at, at + interval '6 hours',
  at + interval '1 minute', false, true
FROM generate_series(1, %(count)s) i, LATERAL (
    SELECT %(start)s::timestamptz + (i::float8 / %(count)s) * interval '1094 days' AS at) drawn
"""
EVENTS = """
INSERT INTO incidents_ticketevent (ticket_id, fingerprint, updated_at, created_at, priority, customer_tier, status,
  extra, received_at)
SELECT id, decode(md5(id || told), 'hex'), at, created_at, priority, customer_tier, told, NULL,
  at + interval '1 second'
  FROM incidents_ticket, LATERAL (VALUES ('new', created_at), ('active', created_at + interval '1 hour'),
       ('closed', updated_at)) AS events(told, at) ORDER BY at
"""
CLOCKS = """
INSERT INTO incidents_clock (ticket_id, kind, cycle, policy_id, target_minutes, state, verdict, started_at, stopped_at,
  due_at, elapsed_seconds, anchor_at, crossings, alerted_percent, escalation_level)
SELECT id, kind, 1, (SELECT max(id) FROM incidents_policyversion), 180, 'stopped',
  CASE WHEN id %% 7 = 0 THEN 'breached' ELSE 'met' END, created_at, stops_at, created_at + interval '3 hours', 3600,
  stops_at, '{}', 0, 0
  FROM incidents_ticket, LATERAL (VALUES ('response', created_at + interval '1 hour'), ('resolution', updated_at))
       AS clocks(kind, stops_at)
"""
BARE = """
WITH cells AS (
  SELECT c.kind, t.customer_tier, t.priority, t.project_id, t.assignee_id,
         date_trunc('month', c.stopped_at AT TIME ZONE 'UTC')::date AS month,
         count(*) FILTER (WHERE c.verdict = 'met') AS met, count(*) AS n
    FROM incidents_clock c JOIN incidents_ticket t ON t.id = c.ticket_id
   WHERE c.verdict IS NOT NULL AND c.stopped_at >= %(start)s AND c.stopped_at <= %(as_of)s GROUP BY 1, 2, 3, 4, 5, 6)
SELECT kind, customer_tier, priority, project_id, assignee_id, month, sum(met), sum(n) FROM cells
 GROUP BY GROUPING SETS ((kind), (kind, customer_tier), (kind, priority), (kind, project_id), (kind, assignee_id),
                         (kind, month))
"""


def measure_attainment(bench: Bench) -> Iterator[Finding]:
    """All five groupings, of everything and of one project's last 30 days."""
    count, rounds = bench.pick(20_000, 500_000), bench.pick(5, 7)
    fill(bench, count)
    as_of = START + timedelta(days=DAYS)
    key = bench.execute("SELECT key FROM tracker_project ORDER BY id LIMIT 1")[0][0]
    everything = {"from": START.date().isoformat(), "to": as_of.date().isoformat()}
    asked = {"start": START, "as_of": as_of}
    with bench.raw_connection() as raw:
        sides: dict[str, Callable[[], object]] = {
            "all": partial(ask, as_of, **everything),
            "raw": partial(_fetch, raw, asked),
            "in Python": partial(count_in_python, asked),
            "one project, 30 days": partial(_repeat, partial(ask, as_of, project=key)),
        }
        for side in sides.values():
            side()
        seconds = alternate({name: partial(time_call, side) for name, side in sides.items()}, rounds)
    seconds["one project, 30 days"] /= TIMES
    told = {name: f"{taken * 1000:.1f} ms" for name, taken in seconds.items()}
    whole = seconds["all"]
    yield at_most("attainment, all / raw", whole / seconds["raw"], bench.pick(2, 1.3), all=told["all"], raw=told["raw"])
    # Of few rows the fixed cost of a question shows: the goal holds for half a million.
    yield at_most(
        "attainment, one project's 30 days / all",
        seconds["one project, 30 days"] / whole,
        bench.pick(1, 0.01),
        one=told["one project, 30 days"],
        all=told["all"],
    )
    faster = seconds["in Python"] / whole
    yield at_least("attainment, in Python / ours", faster, bench.pick(3, 8), ours=told["all"], python=told["in Python"])


def fill(bench: Bench, count: int) -> None:
    """Closed tickets of three years with their histories and clocks, as a settled database has them."""
    ensure_default_policy()
    bench.empty(*TABLES, "incidents_issue", "tracker_project")
    bench.execute(
        "INSERT INTO tracker_project (key, name, last_issue_number, created_at) "
        "SELECT 'B' || i, 'Project ' || i, 0, now() FROM generate_series(1, %s) i",
        [PROJECTS],
    )
    bench.execute(TICKETS, {"count": count, "projects": PROJECTS, "start": START})
    for statement in (EVENTS, CLOCKS):
        bench.execute(statement, {})
    for table in ("incidents_ticket", "incidents_ticketevent", "incidents_clock"):
        bench.execute(f"VACUUM ANALYZE {table}")


def ask(as_of: datetime, **parameters: Any) -> object:
    """The whole computation of the report, as a background job runs it."""
    asked = {"policy": "judged", "project": "", "days": 30, **parameters}
    with open_snapshot():
        return compute_attainment(Question(Actor.system("bench"), asked, as_of))


def count_in_python(asked: dict[str, Any]) -> object:
    """The same figures as an application counts them that reads its rows, in the cheapest way the ORM knows."""
    counts: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    rows = Clock.objects.filter(
        verdict__isnull=False, stopped_at__gte=asked["start"], stopped_at__lte=asked["as_of"]
    ).order_by()
    names = ("ticket__customer_tier", "ticket__priority", "ticket__project_id", "ticket__assignee_id")
    for kind, verdict, stopped_at, *groups in rows.values_list("kind", "verdict", "stopped_at", *names).iterator(
        50_000
    ):
        if stopped_at is None:
            continue
        local = timezone.localtime(stopped_at, UTC)
        for place, key in enumerate((None, *groups, (local.year, local.month))):
            counts[place, key, kind][verdict == "met"] += 1
    return counts


def _fetch(raw: "psycopg.Connection[Any]", asked: dict[str, Any]) -> list[Any]:
    return raw.execute(BARE, asked).fetchall()


def _repeat(call: Callable[[], object]) -> None:
    for _ in range(TIMES):
        call()
