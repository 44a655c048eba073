"""P4: the sweep, against claiming and writing the same rows; among more that are open; by two at once; with no work."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from django.conf import settings

from incidents.services.alert_statements import CLAIM
from incidents.services.alerts import BATCH_SIZE, sweep_due_clocks
from incidents.testing.bench.events import TABLES, make_policy
from tracker import clock
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, median, workload
from tracker.testing.bench.rounds import time_call

TICKETS = """
INSERT INTO incidents_ticket (id, external_id, priority, customer_tier, status, category, title, description, url,
  sender_assignee, attributes, created_at, updated_at, received_at, due_at, alert_at, breach_at, is_open, has_sla)
SELECT n, 'CASE-' || n, 'high', 'gold', 'open', 'new', '', '', '', '', '{}', now() - interval '2 hours',
  now() - interval '1 hour', now(), now() + interval '1 day', now() + interval '20 hours', now() + interval '1 day',
  true, true FROM generate_series(1, %s) n
"""
CLOCKS = """
INSERT INTO incidents_clock (ticket_id, kind, cycle, policy_id, target_minutes, state, started_at, due_at,
  elapsed_seconds, anchor_at, crossings, alerted_percent, escalation_level, next_check_at)
SELECT n, 'resolution', 1, (SELECT max(id) FROM incidents_policyversion), 180, 'running', now() - interval '2 hours',
  now() + interval '1 day', 0, now() - interval '1 hour',
  ARRAY[now() + interval '20 hours', now() + interval '1 day'] , 0, 0, now() + interval '20 hours'
  FROM generate_series(1, %s) n
"""
# Spread over the whole table, as deadlines fall in life.
MAKE_DUE = """
UPDATE incidents_clock SET next_check_at = now() - interval '1 second', alerted_percent = 0, escalation_level = 0,
  crossings = ARRAY[now() - interval '1 second', now() + interval '1 day']
 WHERE id %% (SELECT count(*) / %s FROM incidents_clock) = 0
"""
PLAN = """
SELECT a.clock_id, a.ticket_id, a.kind, a.cycle, a.percent, a.sla_state, a.level, a.channels::text, a.state, a.round,
  a.crossed_at, a.fired_at, a.details::text, e.object_id, e.data::text
  FROM incidents_alert a JOIN tracker_event e ON e.object_id = a.id::text ORDER BY a.id
"""
RAW_ALERTS = """
COPY incidents_alert (clock_id, ticket_id, kind, cycle, percent, sla_state, level, channels, state, round, crossed_at,
  fired_at, details) FROM STDIN
"""
RAW_EVENTS = """
COPY tracker_event (at, verb, actor_label, request_id, object_type, object_id, data) FROM STDIN
"""
RAW_ADVANCE = """
UPDATE incidents_clock SET alerted_percent = 85, escalation_level = 1, next_check_at = crossings[2]
 WHERE ctid = ANY(%s::tid[])
"""
SWEEP_BOTH = """
import sys, django
django.setup()
from django.db import connection
from incidents.services.alerts import sweep_due_clocks
connection.ensure_connection()
print(flush=True)
sys.stdin.readline()
sweep_due_clocks()
print(flush=True)
"""
SCAN = "SELECT count(*) FROM incidents_clock WHERE state = 'running' AND due_at < now()"


@workload("P4", "sweep of 10,000 due clocks")
def measure(bench: Bench) -> Iterator[Finding]:
    """Raw claims the same clocks and writes the same alerts and log lines, computed beforehand, 1,000 at a time."""
    make_policy()
    due = bench.pick(2_000, 10_000)
    rounds = bench.pick(1, 5)
    some, many = bench.pick(5_000, 100_000), bench.pick(20_000, 1_000_000)
    fill(bench, some)
    yield from measure_against_raw(bench, due, rounds)
    yield from measure_two(bench, due, rounds)
    yield from measure_growth(bench, due, rounds, some, many)


def fill(bench: Bench, count: int) -> None:
    """`count` open tickets with one clock each, none due today."""
    bench.empty(*TABLES)
    bench.execute(TICKETS, [count])
    bench.execute(CLOCKS, [count])
    for table in TABLES:
        bench.execute(f"VACUUM ANALYZE {table}")


def make_due(bench: Bench, due: int) -> None:
    """`due` clocks spread over the table are due, and nothing was ever told of them."""
    bench.execute("TRUNCATE incidents_alert, tracker_event CASCADE")
    bench.execute(MAKE_DUE, [due])
    bench.execute("VACUUM incidents_clock")
    bench.execute("CHECKPOINT")


def measure_against_raw(bench: Bench, due: int, rounds: int) -> Iterator[Finding]:
    """Ours against the same rows by plain psycopg."""
    make_due(bench, due)
    sweep_due_clocks()
    plan = bench.execute(PLAN)

    def ours() -> float:
        make_due(bench, due)
        return time_call(sweep_due_clocks)

    with bench.raw_connection() as raw:

        def bare() -> float:
            make_due(bench, due)
            return time_call(lambda: sweep_raw(raw, plan))

        seconds = alternate({"ours": ours, "raw": bare}, rounds)
    yield at_least(f"{due:,} due", seconds["raw"] / seconds["ours"], 0.8, **rates(seconds, due))


def sweep_raw(raw: "psycopg.Connection[tuple[Any, ...]]", plan: list[tuple[Any, ...]]) -> None:
    """Claims due clocks, writes their alerts and log lines by COPY, and moves the clocks on."""
    for start in range(0, len(plan), BATCH_SIZE):
        rows = plan[start : start + BATCH_SIZE]
        with raw.transaction(), raw.cursor() as cursor:
            places = [row[0] for row in cursor.execute(CLAIM, [clock.now(), BATCH_SIZE]).fetchall()]
            with cursor.copy(RAW_ALERTS) as copy:
                for *alert, _, _ in rows:
                    copy.write_row(alert)
            with cursor.copy(RAW_EVENTS) as copy:
                for row in rows:
                    copy.write_row([row[11], "alert.fired", "system:sweep", "", "alert", *row[13:]])
            cursor.execute(RAW_ADVANCE, [places])


def measure_two(bench: Bench, due: int, rounds: int) -> Iterator[Finding]:
    """Two processes against one, each started beforehand."""

    def run(workers: int) -> float:
        make_due(bench, due)
        return time_sweepers(workers)

    seconds = alternate({"one": lambda: run(1), "two": lambda: run(2)}, rounds)
    yield at_least("two workers against one", seconds["one"] / seconds["two"], 1.5, **rates(seconds, due))


def time_sweepers(workers: int) -> float:
    """Seconds from a common start until the last of them is done."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SWEEP_BOTH],
            cwd=settings.BASE_DIR,
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    start = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    seconds = time.perf_counter() - start
    if any(process.wait() for process in processes):
        raise RuntimeError("A sweeper failed.")
    return seconds


def measure_growth(bench: Bench, due: int, rounds: int, some: int, many: int) -> Iterator[Finding]:
    """The same work among ten times as many open clocks, and no work at all."""
    cost = {}
    for count in (some, many):
        fill(bench, count)
        times = []
        for _ in range(rounds):
            make_due(bench, due)
            times.append(time_call(sweep_due_clocks))
        cost[f"among {count:,}"] = median(times)
    few_seconds, many_seconds = cost.values()
    yield at_most(f"{many:,} open against {some:,}", many_seconds / few_seconds, 1.3, **rates(cost, due))
    seconds = alternate(
        {"idle": lambda: time_call(sweep_due_clocks), "scan": lambda: time_call(lambda: bench.execute(SCAN))}, rounds
    )
    yield at_most(
        "nothing due, against a scan",
        seconds["idle"] / seconds["scan"],
        bench.pick(1.0, 0.01),
        **{name: f"{taken * 1000:.2f} ms" for name, taken in seconds.items()},
    )


def rates(seconds: dict[str, float], due: int) -> dict[str, str]:
    """Seconds as clocks a second."""
    return {name: f"{due / taken:,.0f} clocks/s" for name, taken in seconds.items()}
