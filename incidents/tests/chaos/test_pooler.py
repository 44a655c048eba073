"""The web behind a pooler that lends a connection for one transaction; workers and beat lead past it."""

import http.client
import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tracker.testing.chaos.pooler import PGBOUNCER, Pooler
from tracker.testing.services import CHECKOUT, make_child_environment

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed (Debian's package of this name)"),
]
CALLERS, ROUNDS = 12, 6
PATHS = ("/health", "/v1/tickets?limit=50", "/v1/dashboard", "/v1/alerts", "/v1/tickets?search=T")


def test_the_web_serves_through_three_connections_and_all_is_told(make_world):
    world = make_world()
    installation = world.installation
    with Pooler(installation.postgres.url(installation.database)) as pooler:
        installation.start("web", DATABASE_URL=pooler.url, DATABASE_IS_POOLED="1")
        installation.start("worker", "beat")
        batches = [world.plan(5, f"P{number}-") for number in range(CALLERS * ROUNDS)]
        answers = Counter()

        def call(own):
            connection = http.client.HTTPConnection("127.0.0.1", installation.port, timeout=30)
            headers = {"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"}
            for tickets in own:
                events = json.dumps([event for ticket in tickets for event in ticket.events()])
                for request in (("POST", "/v1/tickets", events, headers), *(("GET", p, None, headers) for p in PATHS)):
                    connection.request(*request)
                    answer = connection.getresponse()
                    answer.read()
                    answers[answer.status] += 1
            connection.close()

        with ThreadPoolExecutor(CALLERS) as pool:
            list(pool.map(call, (batches[number::CALLERS] for number in range(CALLERS))))
        assert answers == {200: CALLERS * ROUNDS * (1 + len(PATHS))}
        world.wait_until_all_is_told()
        world.wait_until(lambda: ask_health(installation.port) == 200, what="good health of every part", seconds=120)
        left = installation.query(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE client_addr IS NULL AND application_name = 'tracker'"
            "  AND state = 'idle')"
        )
        assert left == [(0,)], "a lock of a session was left on a connection that others borrow"
    world.check()


def ask_health(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/healthz")
    return connection.getresponse().status


@pytest.mark.parametrize("program", ["worker", "beat"])
def test_whose_locks_are_sessions_does_not_start_behind_it(program, django_db_setup):
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "tracker", program],
        env=make_child_environment(DATABASE_IS_POOLED="1"), cwd=CHECKOUT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "DATABASE_IS_POOLED is for the web alone" in done.stderr
