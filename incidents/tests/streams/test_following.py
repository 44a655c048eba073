"""Nothing is missed, nothing comes twice, in whatever order transactions commit and however often a client leaves."""

import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import psycopg
import pytest
from django.db import connection as database
from django.db import connections, transaction

from incidents.tests.streams.conftest import bearer, fire, listen, make_token, receive_alerts, until_closed
from tracker.testing.services import make_child_environment
from tracker.testing.web_servers import run_web_server

# Servers, thousands of events and minutes of waiting under load: CI runs them beside the suite.
pytestmark = pytest.mark.chaos

WRITERS, EVENTS_EACH = 6, 60


def _write(first: int) -> None:
    """One writer whose transactions overlap with others' and commit out of order."""
    try:
        for number in range(first, first + EVENTS_EACH):
            with transaction.atomic():
                fire(number)
                time.sleep(random.uniform(0, 0.02))
    finally:
        connections.close_all()


def test_six_writers_at_once_lose_nothing_and_clients_that_come_and_go_miss_nothing(server, maintainer):
    headers = bearer(make_token(maintainer))
    # The steady one reads all the while: who takes nothing for 25 seconds is dropped.
    with listen(server, headers) as steady, listen(server, headers) as leaving, ThreadPoolExecutor(1) as reader:
        fire(0)
        (first,) = receive_alerts(leaving, 1)
        receive_alerts(steady, 1)
        leaving.close()
        following = reader.submit(receive_alerts, steady, WRITERS * EVENTS_EACH, seconds=60)
        writers = [threading.Thread(target=_write, args=(1 + 1000 * n,)) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        cursor, heard = first["cursor"], []
        while len(heard) < WRITERS * EVENTS_EACH:
            with listen(server, headers, since=cursor) as returning:
                part = receive_alerts(returning, min(25, WRITERS * EVENTS_EACH - len(heard)))
            heard.extend(part)
            cursor = part[-1]["cursor"]
        for writer in writers:
            writer.join()
        followed = following.result(60)
    written = {1 + 1000 * n + k for n in range(WRITERS) for k in range(EVENTS_EACH)}
    assert [alert["number"] for alert in followed] == [alert["number"] for alert in heard]
    assert {alert["number"] for alert in heard} == written
    assert len(heard) == len(written)


def test_a_client_that_was_gone_hears_what_it_missed_in_order(server, maintainer):
    headers = bearer(make_token(maintainer))
    with listen(server, headers) as before:
        fire(1)
        (first,) = receive_alerts(before, 1)
    for number in range(2, 502):
        fire(number)
    with listen(server, headers, since=first["cursor"]) as after:
        fire(502)
        alerts = receive_alerts(after, 501)
    assert [alert["number"] for alert in alerts] == list(range(2, 503))
    with listen(server, headers, since=alerts[-1]["cursor"]) as caught_up:
        fire(503)
        assert [alert["number"] for alert in receive_alerts(caught_up, 1)] == [503]


def test_a_lost_database_connection_delays_and_loses_nothing(server, maintainer):
    with listen(server, bearer(make_token(maintainer))) as connection:
        fire(1)
        receive_alerts(connection, 1)
        with psycopg.connect(make_child_environment()["DATABASE_URL"], autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'tracker-%%' AND datname = %s",
                [database.settings_dict["NAME"]],
            )
        for number in range(2, 12):
            fire(number)
        assert [alert["number"] for alert in receive_alerts(connection, 10)] == list(range(2, 12))


def test_without_the_doorbell_polling_finds_events_within_a_second(maintainer):
    deaf = run_web_server(REDIS_URL="redis://127.0.0.1:1/0")
    with deaf as server, listen(server, bearer(make_token(maintainer))) as connection:
        fire(1)
        started = time.monotonic()
        receive_alerts(connection, 1)
    assert time.monotonic() - started < 1.5


def test_a_client_that_never_reads_is_dropped_and_the_others_get_everything(own_server, maintainer):
    """F39: 10,000 events; the slow one is closed within 30 s, the server does not grow."""
    server = own_server
    headers, count = bearer(make_token(maintainer)), 10_000
    with listen(server, headers) as good, listen(server, headers, max_queue=1) as slow:
        fire(0)
        receive_alerts(good, 1)
        before = _resident_megabytes(server)
        with ThreadPoolExecutor(1) as reader:
            reading = reader.submit(receive_alerts, good, count, seconds=60)
            # One transaction, so that all become visible at once: the hardest burst there is.
            with transaction.atomic():
                for number in range(1, count + 1):
                    fire(number, size=200)
            started = time.monotonic()
            assert [alert["number"] for alert in reading.result(60)] == list(range(1, count + 1))
        # The slow client's own buffers must be emptied before it can see the close frame.
        deadline = started + 30
        while '"status": 1013' not in server.process.output() and time.monotonic() < deadline:
            time.sleep(0.2)
        assert '"status": 1013' in server.process.output()
        assert _resident_megabytes(server) - before < 50
        until_closed(slow, seconds=30)


def _resident_megabytes(server) -> float:
    parent = psutil.Process(server.process.pid)
    return sum(child.memory_info().rss for child in parent.children(recursive=True)) / 1e6


def test_sigterm_closes_streams_at_once_and_the_server_ends(own_server, maintainer):
    server = own_server
    headers = bearer(make_token(maintainer))
    with listen(server, headers) as connection:
        fire(1)
        receive_alerts(connection, 1)
        started = time.monotonic()
        server.process.send(signal.SIGTERM)
        assert until_closed(connection, seconds=10) == 1012
    assert server.process.wait(seconds=10) == 0
    assert time.monotonic() - started < 10
