"""Processes show that they live: which there are, of which release, and what a worker is doing."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery.worker import state

from tracker import clock
from tracker.choices import ProcessKind
from tracker.models import Process
from tracker.processes import Activity, Presence, PresenceThread, forget_old_processes, living_processes
from tracker.sweeps import prune
from tracker.version import VERSION
from tracker.worker_presence import read_activity

pytestmark = pytest.mark.django_db


def test_a_process_shows_what_it_is_and_keeps_its_row_until_it_leaves():
    presence = Presence(ProcessKind.WORKER)
    presence.show()
    presence.show(Activity(doing=[{"task": "deliver", "since": "2026-01-01T00:00:00+00:00"}], tasks_total=7))
    row = Process.objects.get()
    assert (row.kind, row.release, row.tasks_total) == ("worker", VERSION, 7)
    assert row.doing[0]["task"] == "deliver"
    assert row.started_at <= row.seen_at
    presence.leave()
    assert not Process.objects.exists()


def test_a_child_that_was_forked_does_not_take_its_parents_row_away(monkeypatch):
    presence = Presence(ProcessKind.WEB)
    presence.show()
    monkeypatch.setattr("os.getpid", lambda: -1)
    presence.leave()
    assert Process.objects.count() == 1


def test_who_gave_no_sign_is_gone_and_is_forgotten_after_a_day(move_clock):
    Presence(ProcessKind.BEAT).show(Activity(is_leading=True))
    assert [row.is_leading for row in living_processes()] == [True]
    move_clock(by=timedelta(minutes=1))
    assert not living_processes()
    assert forget_old_processes() == 0
    Process.objects.update(seen_at=clock.now() - timedelta(days=2))
    assert prune() == 1


def test_a_worker_tells_the_tasks_that_have_begun(monkeypatch):
    begun = SimpleNamespace(name="incidents.sweeps.deliver", time_start=1_800_000_000.0)
    waiting = SimpleNamespace(name="incidents.sweeps.enrich", time_start=None)
    monkeypatch.setattr(state, "active_requests", [begun, waiting])
    monkeypatch.setattr(state, "total_count", {"a": 2, "b": 3})
    activity = read_activity()
    assert activity.doing == [{"task": "incidents.sweeps.deliver", "since": "2027-01-15T08:00:00+00:00"}]
    assert activity.tasks_total == 5


@pytest.mark.django_db(transaction=True)
def test_the_thread_shows_at_once_and_leaves_when_it_is_stopped(monkeypatch):
    thread = PresenceThread(ProcessKind.WEB)
    shown = []
    monkeypatch.setattr(thread._presence, "show", lambda activity: shown.append(activity) or thread._is_stopped.set())
    monkeypatch.setattr(thread._presence, "leave", lambda: shown.append("left"))
    thread.start()
    thread.join(5)
    assert shown == [Activity(), "left"]
