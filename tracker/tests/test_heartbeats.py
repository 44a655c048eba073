"""A sweep leaves a record of its last run, also when it fails."""

from datetime import timedelta

import pytest

from tracker import clock, heartbeats
from tracker.models import SweepHeartbeat

pytestmark = pytest.mark.django_db


def test_a_run_is_counted_and_timed():
    with heartbeats.run_sweep("sweep_sla") as run:
        run.rows = 7
    with heartbeats.run_sweep("sweep_sla") as run:
        run.rows = 2
    beat = SweepHeartbeat.objects.get(name="sweep_sla")
    assert (beat.rows, beat.rows_total, beat.runs_total) == (2, 9, 2)
    assert beat.finished_at is not None
    assert beat.started_at <= beat.finished_at
    assert 0 < beat.duration_seconds <= beat.duration_seconds_total
    assert beat.last_error == ""


def test_a_failure_is_recorded_masked_and_raised_again_and_does_not_count_as_finished():
    with pytest.raises(ValueError, match="Bearer"), heartbeats.run_sweep("deliver"):
        raise ValueError("Bearer trk_Canary7Canary7\nsecond line " + "x" * 500)
    beat = SweepHeartbeat.objects.get(name="deliver")
    assert beat.finished_at is None
    assert beat.last_error.startswith("ValueError: Bearer")
    assert "Canary7" not in beat.last_error
    assert "second line" not in beat.last_error
    with heartbeats.run_sweep("deliver"):
        pass
    beat.refresh_from_db()
    assert beat.last_error == ""
    assert beat.finished_at is not None


def test_the_age_is_told_by_the_application_clock(move_clock):
    assert heartbeats.age("beat") is None
    heartbeats.beat_once("beat")
    move_clock(by=timedelta(minutes=10))
    age = heartbeats.age("beat")
    assert age is not None
    assert timedelta(minutes=10) <= age < timedelta(minutes=10, seconds=5)
    heartbeats.beat_once("beat", at=clock.now())
    assert heartbeats.age("beat") < timedelta(seconds=5)
