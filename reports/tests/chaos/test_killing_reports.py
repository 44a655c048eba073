"""Workers die in mid-report: each report ends ready with exactly one file, or failed with a reason."""

import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tracker.testing.chaos.installation import ADMIN, Installation

pytestmark = pytest.mark.chaos
KILLS = 10
# Lease, sweep and computation of the attempt after the last one, and the time that a busy machine takes.
RECOVERY_SECONDS = 120.0
ASK = f"""
from reports.services.reports import request_report
from tracker.access import Actor
from tracker.models import User
actor = Actor.of_user(User.objects.get(email="{ADMIN}"))
for days in range(1, {{count}} + 1):
    values = {{{{"dataset": "{{dataset}}", "format": "csv", "days": days}}}}
    request_report(actor=actor, kind="raw_rows", parameters=values)
"""
# More than fits into what a process has at hand.
MANY_EVENTS = """
INSERT INTO tracker_event (at, verb, actor_label, request_id, object_type, object_id, data)
SELECT now(), 'test.filled', 'test', '', 'test', n::text, jsonb_build_object('text', repeat('x', 500))
  FROM generate_series(1, 100000) n RETURNING NULL
"""
UNFINISHED = "SELECT count(*) FROM reports_report WHERE state IN ('pending', 'running')"
RUNNING = "SELECT id, lease FROM reports_report WHERE state = 'running' AND leased_until > now()"


@pytest.fixture
def installation(tmp_path) -> Iterator[Installation]:
    with Installation(LOG_LEVEL="WARNING", MEDIA_ROOT=str(tmp_path / "media")) as made:
        made.use_fresh_database("reports")
        yield made


@contextmanager
def reports_held_up(installation: Installation, table: str):
    """Every report waits in mid-computation for as long as this lasts."""
    with psycopg.connect(installation.postgres.url(installation.database)) as connection:
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


def wait_until(is_true, what, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (found := is_true()):
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.05)
    return found


def find_new(installation: Installation, seen: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    return set(installation.query(RUNNING)) - seen


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_ten_kills_leave_one_file_for_each_report_and_nothing_stuck(installation, tmp_path):
    installation.manage("shell", "-c", ASK.format(count=KILLS, dataset="issues"))
    installation.start("beat")
    seen: set[tuple[Any, ...]] = set()
    for _ in range(KILLS):
        with reports_held_up(installation, "incidents_issue"):
            installation.start("worker")
            seen |= wait_until(partial(find_new, installation, seen), "report that runs")
            time.sleep(random.random())
            installation.kill("worker")
    installation.start("worker")
    wait_until(lambda: installation.query(UNFINISHED) == [(0,)], "end of the reports", RECOVERY_SECONDS)
    rows = installation.query("SELECT state, error, attempts, file_name <> '', lease FROM reports_report")
    assert len(rows) == KILLS
    for state, error, attempts, has_file, lease in rows:
        assert (state == "ready" and has_file) or (state == "failed" and error), (state, error, attempts)
        assert lease is None
    assert sum(attempts for _, _, attempts, _, _ in rows) >= KILLS + 1
    told = (
        "SELECT count(*), count(DISTINCT object_id) FROM tracker_event WHERE verb IN ('report.ready', 'report.failed')"
    )
    assert installation.query(told) == [(KILLS, KILLS)]
    kept = {Path(key).name for (key,) in installation.query("SELECT file_key FROM reports_report WHERE file_key <> ''")}
    assert kept <= files_below(tmp_path / "media")


def test_a_child_without_memory_ends_its_report_and_is_replaced(installation):
    installation.query(MANY_EVENTS)
    installation.manage("shell", "-c", ASK.format(count=1, dataset="log"))
    with reports_held_up(installation, "tracker_event"):
        installation.start("worker", "beat")
        wait_until(lambda: installation.query(RUNNING), "report that runs")
        began = time.monotonic()
        worker = psutil.Process(installation.programs["worker"].pid)
        # The thread that watches over the report gives its process away.
        child = max(worker.children(), key=lambda process: process.num_threads())
        child.rlimit(resource.RLIMIT_AS, (child.memory_info().vms // 2,) * 2)
    wait_until(lambda: installation.query(UNFINISHED) == [(0,)], "end of the report", RECOVERY_SECONDS)
    ((state, error),) = installation.query("SELECT state, error FROM reports_report")
    print(f"{state} after {time.monotonic() - began:.1f} s. {error}")
    assert state == "ready" or error
    wait_until(lambda: len(worker.children()) >= 2, "whole pool", 10)
