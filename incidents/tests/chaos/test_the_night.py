"""F58: a backup under load, a lost server, a restore on another one: every row is back, and nothing is told twice."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from tracker.embedded import Postgres

pytestmark = pytest.mark.chaos
BATCH = 20
QUIET_SECONDS = 6.0
NEWEST = "SELECT max(xid::text::bigint) FROM tracker_event"


def events_of(tickets):
    return [event for ticket in tickets for event in ticket.events()]


@contextmanager
def load_on(world, plans) -> Iterator[None]:
    """Batch after batch, until the block ends."""
    is_over = threading.Event()

    def send():
        sender = world.sender()
        while not is_over.wait(0.05):
            plans.append(world.plan(BATCH, f"load{len(plans)}"))
            sender.post_until_taken(events_of(plans[-1]))

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield
    finally:
        is_over.set()
        sending.join()


@contextmanager
def another_server(installation) -> Iterator[None]:
    """A PostgreSQL that was set up this night, and an empty database in it."""
    lost, new = installation.postgres, Postgres(installation.directory / "another-postgres")
    new.start()
    with psycopg.connect(new.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {installation.database}".encode())
    installation.postgres = new
    try:
        yield
    finally:
        installation.kill_all()
        installation.postgres = lost
        new.stop("immediate")


def test_a_night(make_world, capsys):
    world = make_world()
    installation, arrivals, plans = world.installation, world.recorder.arrivals, []
    installation.start("web", "worker", "beat")
    world.sender().post_until_taken(events_of(world.plan(BATCH, "first")))
    world.wait_until(lambda: bool(arrivals), what="first message")

    folder, began = installation.directory / "backups", time.monotonic()
    with load_on(world, plans):
        made = installation.manage("backup", "--to", str(folder), "--quiet").splitlines()
        seconds = time.monotonic() - began
    world.sender().post_until_taken(events_of(world.plan(BATCH, "lost")))
    world.wait_until_all_is_told()
    told, lost_at = len(arrivals), datetime.now(UTC).isoformat()
    newest = installation.query(NEWEST)[0][0]

    installation.kill_all()
    installation.programs.clear()
    shutil.rmtree(installation.directory / "var" / "media", ignore_errors=True)
    with another_server(installation):
        began = time.monotonic()
        report = installation.manage("restore", made[0], "--yes", "--quiet")
        assert "tables and 0 files are as they were" in report
        assert "rules hold" in report.splitlines()[-1]
        with capsys.disabled():
            print(f"\nbacked up in {seconds:.1f} s under {len(plans)} batches: {made[1]}")
            print(f"restored in {time.monotonic() - began:.1f} s")

        installation.start("web", "worker", "beat")
        # Senders repeat what they have; what is known already changes nothing.
        for start in range(0, len(world.tickets), 1_000):
            world.sender().post_until_taken(events_of(world.tickets[start : start + 1_000]))
        world.wait_until(lambda: installation.query("SELECT 1 FROM incidents_clock WHERE next_check_at < now()") == [],
                         what="sweep")  # fmt: skip
        time.sleep(QUIET_SECONDS)
        assert len(arrivals) == told, "something was sent while deliveries were held"
        assert installation.query(NEWEST)[0][0] > newest, "readers of the lost log would miss what is new"

        assert " wait" in installation.manage("release_deliveries")
        installation.manage("release_deliveries", "--cancel-before", lost_at)
        time.sleep(QUIET_SECONDS)
        assert len(arrivals) == told, "something was told a second time"
        world.sender().post_until_taken(events_of(world.plan(BATCH, "after")))
        world.wait_until_all_is_told()
        world.check()
