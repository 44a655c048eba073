"""Of two beats one sends; when it is killed, stopped or cut off, the other takes over."""

import json
import signal
import sys
import time
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from redis import Redis

from tracker import clock, heartbeats
from tracker.beat import LOCK_KEY, LOST_LEADERSHIP_EXIT_CODE
from tracker.models import SweepHeartbeat
from tracker.testing.processes import ChildProcess
from tracker.testing.services import make_child_environment

# Processes are killed and waited for, which takes too long for the suite; CI runs them before it.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.chaos]
QUEUE = "tracker:celery"
LEADS, WAITS = "This beat leads.", "Another beat leads; this one waits to take over."


@pytest.fixture
def queue():
    """Counts the messages that beats sent since the last look."""
    client = Redis.from_url(settings.REDIS_URL)
    client.delete(QUEUE)
    interval, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.SECONDS)
    PeriodicTask.objects.create(name="tick", task="tracker.sweeps.beat_heart", interval=interval)

    def take() -> int:
        messages = client.lrange(QUEUE, 0, -1)
        client.delete(QUEUE)
        return sum(json.loads(message)["headers"]["task"] == "tracker.sweeps.beat_heart" for message in messages)

    yield take
    client.delete(QUEUE)


@pytest.fixture
def start_beat():
    beats = []

    def start(until: str) -> ChildProcess:
        beats.append(ChildProcess([sys.executable, "-m", "celery", "-A", "tracker", "-q", "beat", "--pidfile="]))
        beats[-1].wait_for(until)
        return beats[-1]

    yield start
    for beat in beats:
        beat.kill()


def _lock_holder() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND ((classid::bigint << 32) | objid::bigint) = %s",
            [LOCK_KEY],
        )
        return cursor.fetchone()[0]


def _is_beat_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database() AND query LIKE '%django_celery_beat%')"
        )
        return cursor.fetchone()[0]


def test_two_beats_send_once_and_the_second_takes_over_when_the_first_is_killed(queue, start_beat):
    leader, follower = start_beat(LEADS), start_beat(WAITS)
    queue()
    time.sleep(6)
    assert 4 <= queue() <= 8
    leader.kill()
    follower.wait_for(LEADS, seconds=15)
    queue()
    time.sleep(4)
    assert 2 <= queue() <= 6
    follower.send(signal.SIGTERM)
    assert follower.wait(seconds=10) == 0


def test_a_waiting_beat_ends_at_once_when_told_to(start_beat):
    start_beat(LEADS)
    follower = start_beat(WAITS)
    follower.send(signal.SIGTERM)
    assert follower.wait(seconds=10) == 0


def test_a_beat_that_is_told_to_end_in_the_middle_of_a_query_finishes_it_and_ends(queue, start_beat):
    leader = start_beat(LEADS)
    for _ in range(3):  # What is sent first is saved at once, what follows is kept for later.
        leader.wait_until(lambda: queue() > 0, what="a task that was sent")
    with psycopg.connect(make_child_environment()["DATABASE_URL"]) as other:
        other.execute("LOCK TABLE django_celery_beat_periodictasks")
        leader.wait_until(_is_beat_waiting_for_a_lock, what="a query that waits")
        leader.send(signal.SIGTERM)
        time.sleep(1)
    assert leader.wait(seconds=10) == 0


def test_a_leader_that_was_stopped_loses_the_lead_and_leaves_when_it_wakes(queue, start_beat):
    stopped = start_beat(LEADS)
    stopped.send(signal.SIGSTOP)
    assert SweepHeartbeat.objects.filter(name=heartbeats.BEAT).update(finished_at=clock.now() - timedelta(minutes=10))
    heir = start_beat(WAITS)
    heir.wait_for(LEADS, seconds=15)
    stopped.send(signal.SIGCONT)
    assert stopped.wait(seconds=15) == LOST_LEADERSHIP_EXIT_CODE
    assert heir.is_running()


def test_a_leader_whose_connection_is_cut_leaves_so_that_its_supervisor_starts_it_afresh(start_beat):
    leader = start_beat(LEADS)
    with psycopg.connect(make_child_environment()["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [_lock_holder()])
    assert leader.wait(seconds=15) == LOST_LEADERSHIP_EXIT_CODE
