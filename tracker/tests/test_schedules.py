"""Shipped schedules are made once, follow their default until an admin edits them, and cannot be broken by hand."""

import io

import pytest
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

from tracker import bells, schedules
from tracker.access import Actor
from tracker.celery import app
from tracker.exceptions import Conflict, InvalidInput, NotFound, PermissionDenied
from tracker.models import Event, User
from tracker.schedules import Daily, DefaultSchedule, Every, SchedulableTask
from tracker.services.schedules import (
    change_schedule,
    create_schedule,
    delete_schedule,
    reset_schedule,
    sync_schedules,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


@pytest.fixture
def admin():
    return Actor.of_user(User.objects.create_user("admin@example.com", role="admin"))


@pytest.fixture(autouse=True)
def own_default(monkeypatch):
    """A shipped schedule whose default the tests may change."""
    monkeypatch.setattr(schedules, "_defaults", dict(schedules._defaults))
    monkeypatch.setattr(schedules, "_tasks", dict(schedules._tasks))
    _ship(Every(60))


def _ship(when):
    schedules.declare(
        tasks=[SchedulableTask("tests.sweep", "A sweep", {"days": schedules.whole_number(1, 90)})],
        defaults=[DefaultSchedule(name="own", task="tests.sweep", when=when, description="x")],
    )


def _row(name="own"):
    return PeriodicTask.objects.get(name=name)


def test_the_command_makes_every_shipped_schedule_and_repeats_without_effect():
    out = io.StringIO()
    call_command("sync_schedules", stdout=out)
    call_command("sync_schedules", stdout=out)
    first, second = out.getvalue().splitlines()
    count = len(schedules.default_schedules())
    assert first == f"Schedules: {count} created, 0 updated, 0 kept."
    assert second == f"Schedules: 0 created, 0 updated, {count} kept."
    names = {"sweep_sla", "deliver", "reload_sla", "replay_tickets", "heartbeat", "prune"}
    assert names <= set(PeriodicTask.objects.values_list("name", flat=True))
    assert schedules.read_when(_row("deliver")) == Every(5)
    assert schedules.read_when(_row("prune")) == Daily(3, 15)
    assert _row("deliver").expire_seconds == 10


def test_what_comes_seldom_runs_once_as_soon_as_it_is_there(monkeypatch, django_capture_on_commit_callbacks):
    rung: list[str] = []
    monkeypatch.setattr(bells.app, "send_task", lambda name, **_: rung.append(name))
    with django_capture_on_commit_callbacks(execute=True):
        sync_schedules(SYSTEM)
    assert "tracker.sweeps.prune" in rung
    assert not {"incidents.sweeps.deliver", "tests.sweep"} & set(rung)
    rung.clear()
    with django_capture_on_commit_callbacks(execute=True):
        sync_schedules(SYSTEM)
    assert rung == []


def test_an_untouched_schedule_follows_its_default():
    sync_schedules(SYSTEM)
    _ship(Every(30))
    assert sync_schedules(SYSTEM).updated == 1
    assert schedules.read_when(_row()) == Every(30)


def test_an_edited_schedule_is_never_overwritten_until_it_is_reset(admin):
    sync_schedules(SYSTEM)
    change_schedule(admin, name="own", when=Every(45), is_enabled=False)
    _ship(Every(30))
    assert sync_schedules(SYSTEM).updated == 0
    assert schedules.read_when(_row()) == Every(45)
    assert not _row().enabled
    assert schedules.differs_from_default(_row())
    reset_schedule(admin, name="own")
    assert schedules.read_when(_row()) == Every(30)
    assert not schedules.differs_from_default(_row())
    _ship(Every(20))
    assert sync_schedules(SYSTEM).updated == 1
    assert schedules.read_when(_row()) == Every(20)


def test_a_change_has_an_author_before_and_after(admin):
    sync_schedules(SYSTEM)
    change_schedule(admin, name="own", when=Daily(4, 30))
    event = Event.objects.get(verb="schedule.updated")
    assert event.actor_label == "admin@example.com"
    assert event.before["when"] == "every 60 s"
    assert event.after["when"] == "daily at 04:30 UTC"


@pytest.mark.parametrize("change", [{"task": "tracker.sweeps.prune"}, {"kwargs": {"days": 3}}])
def test_a_shipped_schedule_keeps_its_task_and_arguments(admin, change):
    sync_schedules(SYSTEM)
    with pytest.raises(Conflict):
        change_schedule(admin, name="own", **change)


def test_a_shipped_schedule_cannot_be_deleted_but_an_own_one_can(admin):
    sync_schedules(SYSTEM)
    with pytest.raises(Conflict):
        delete_schedule(admin, name="own")
    create_schedule(admin, name="mine", task="tests.sweep", when=Every(60), kwargs={"days": 3})
    delete_schedule(admin, name="mine")
    assert not PeriodicTask.objects.filter(name="mine").exists()
    with pytest.raises(NotFound):
        delete_schedule(admin, name="mine")


@pytest.mark.parametrize(
    ("task", "kwargs", "field"),
    [
        ("os.system", {}, "task"),
        ("celery.backend_cleanup", {}, "task"),
        ("tests.sweep", {"cmd": "x"}, "kwargs.cmd"),
        ("tests.sweep", {"days": "3"}, "kwargs.days"),
        ("tests.sweep", {"days": True}, "kwargs.days"),
        ("tests.sweep", {"days": 91}, "kwargs.days"),
    ],
)
def test_only_registered_tasks_with_arguments_they_take_can_be_scheduled(admin, task, kwargs, field):
    with pytest.raises(InvalidInput) as refusal:
        create_schedule(admin, name="mine", task=task, when=Every(60), kwargs=kwargs)
    assert refusal.value.details[0].field == field
    assert not PeriodicTask.objects.filter(name="mine").exists()


@pytest.mark.parametrize("when", [Every(0), Every(10**9), Daily(24, 0), Daily(0, 60)])
def test_a_time_that_is_none_is_refused(admin, when):
    sync_schedules(SYSTEM)
    with pytest.raises(InvalidInput):
        change_schedule(admin, name="own", when=when)


@pytest.mark.parametrize("role", ["reporter", "maintainer"])
def test_others_than_admins_may_not_touch_schedules(role):
    sync_schedules(SYSTEM)
    actor = Actor.of_user(User.objects.create_user(f"{role}@example.com", role=role))
    for attempt in (
        lambda: change_schedule(actor, name="own", is_enabled=False),
        lambda: create_schedule(actor, name="mine", task="tests.sweep", when=Every(60), kwargs={}),
        lambda: reset_schedule(actor, name="own"),
        lambda: delete_schedule(actor, name="own"),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert _row().enabled


def test_a_schedule_whose_task_is_gone_is_switched_off_and_kept():
    sync_schedules(SYSTEM)
    PeriodicTask.objects.create(name="old", task="gone.task", interval=_row().interval)
    sync_schedules(SYSTEM)
    assert not _row("old").enabled


def test_what_may_take_minutes_waits_in_a_queue_that_may_have_workers_of_its_own():
    def queue_of(task):
        return app.amqp.router.route({}, task)["queue"].name

    assert queue_of("incidents.sweeps.sweep_sla") == queue_of("incidents.sweeps.deliver") == "celery"
    assert queue_of("reports.sweeps.run_reports") == queue_of("tracker.sweeps.back_up") == schedules.SLOW_QUEUE
    assert set(app.amqp.queues) == {"celery", schedules.SLOW_QUEUE}, "a worker that is told nothing takes from both"
