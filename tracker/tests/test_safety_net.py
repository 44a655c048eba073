"""F09: while the broker is away, the worker runs vital sweeps by itself; and only then."""

import sys
from datetime import timedelta

import pytest
from django_celery_beat.models import PeriodicTask

from tracker import clock, heartbeats
from tracker.access import Actor
from tracker.models import SweepHeartbeat
from tracker.safety_net import find_late_sweeps
from tracker.services.schedules import sync_schedules
from tracker.testing.processes import ChildProcess

pytestmark = pytest.mark.django_db(transaction=True)
VITAL = {
    "sweep_sla",
    "deliver",
    "replay_tickets",
    "mail_people",
    "enrich",
    "run_reports",
    "watch_production",
    "log_queue_ages",
    "audit",
}


@pytest.fixture(autouse=True)
def _schedules():
    sync_schedules(Actor.system("test"))


def _late():
    return {default.name for default in find_late_sweeps(clock.now())}


def test_a_sweep_is_late_when_nobody_started_it_for_its_interval_and_a_grace():
    assert _late() == VITAL
    for name in VITAL:
        heartbeats.beat_once(name)
    assert _late() == set()
    SweepHeartbeat.objects.filter(name="deliver").update(started_at=clock.now() - timedelta(seconds=8))
    assert _late() == set()
    SweepHeartbeat.objects.filter(name="deliver").update(started_at=clock.now() - timedelta(seconds=10))
    assert _late() == {"deliver"}


def test_a_sweep_that_an_admin_switched_off_stays_off():
    PeriodicTask.objects.filter(name="deliver").update(enabled=False)
    assert _late() == VITAL - {"deliver"}


@pytest.mark.chaos
def test_a_worker_without_broker_and_beat_keeps_vital_sweeps_running():
    nowhere = "redis://127.0.0.1:1/0"
    worker = ChildProcess(
        [sys.executable, "-m", "celery", "-A", "tracker", "-q", "worker", "-c", "1", "--loglevel", "INFO"],
        CELERY_BROKER_URL=nowhere,
        REDIS_URL=nowhere,
    )
    try:
        worker.wait_until(
            lambda: SweepHeartbeat.objects.filter(name="deliver", runs_total__gte=2).exists(),
            what="second run of deliver",
            seconds=45,
        )
        done = dict(SweepHeartbeat.objects.values_list("name", "last_error"))
        assert VITAL | {heartbeats.SAFETY_NET} <= set(done)
        assert set(done.values()) == {""}
        assert worker.is_running()
    finally:
        worker.kill()
