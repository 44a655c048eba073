"""Periodic tasks: times and switches are an admin's, what runs is the code's."""

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from tracker import schedules
from tracker.access import Actor
from tracker.models import Event
from tracker.schedules import Every
from tracker.services.schedules import create_schedule, sync_schedules

pytestmark = pytest.mark.django_db
LIST = "/admin/django_celery_beat/periodictask/"
EVERY = {"repeat": "every", "every": "10", "unit": "60", "daily_at": ""}


@pytest.fixture
def shipped() -> PeriodicTask:
    sync_schedules(Actor.system("test"))
    return PeriodicTask.objects.get(name="heartbeat")


@pytest.fixture
def own() -> PeriodicTask:
    return create_schedule(
        Actor.system("test"), name="own", task="tracker.sweeps.prune", when=Every(3600), kwargs={}, is_enabled=True
    )


def test_an_admin_changes_when_a_shipped_task_runs(admin_client: Client, shipped: PeriodicTask):
    admin_client.post(f"{LIST}{shipped.pk}/change/", {**EVERY, "enabled": "on"})
    shipped.refresh_from_db()
    assert schedules.read_when(shipped) == Every(600)
    assert Event.objects.filter(verb="schedule.updated", object_id="heartbeat").count() == 1
    admin_client.post(f"{LIST}{shipped.pk}/reset/")
    shipped.refresh_from_db()
    assert schedules.read_when(shipped) == schedules.default_schedules()["heartbeat"].when


def test_of_a_shipped_task_nothing_else_can_change(admin_client: Client, shipped: PeriodicTask):
    hostile = {"name": "evil", "task": "os.system", "kwargs": '{"x": 1}', "args": "[1]", "queue": "evil"}
    admin_client.post(f"{LIST}{shipped.pk}/change/", {**EVERY, "enabled": "on", **hostile})
    row = PeriodicTask.objects.get(pk=shipped.pk)
    assert (row.name, row.task, row.kwargs, row.args, row.queue) == ("heartbeat", shipped.task, "{}", "[]", None)
    assert admin_client.post(f"{LIST}{shipped.pk}/delete/", {"post": "yes"}).status_code == 403
    assert PeriodicTask.objects.filter(pk=shipped.pk).exists()


def test_a_task_is_chosen_from_the_registered_ones_and_its_arguments_are_checked(admin_client: Client):
    values = {**EVERY, "name": "mine", "enabled": "on"}
    refused = [
        {"task": "os.system", "kwargs": "{}"},
        {"task": "tracker.sweeps.prune", "kwargs": '{"sneaky": 1}'},
        {"task": "tracker.sweeps.prune", "kwargs": "[1]"},
        {"task": "tracker.sweeps.prune", "kwargs": "not json"},
    ]
    for wrong in refused:
        assert admin_client.post(f"{LIST}add/", {**values, **wrong}).status_code == 200
    assert not PeriodicTask.objects.filter(name="mine").exists()
    admin_client.post(f"{LIST}add/", {**values, "task": "tracker.sweeps.prune", "kwargs": "{}"})
    assert PeriodicTask.objects.get(name="mine").interval.every == 600


def test_an_own_task_can_be_changed_and_deleted(admin_client: Client, own: PeriodicTask):
    daily = {"repeat": "daily", "daily_at": "04:30", "every": "", "unit": "1"}
    values = {"name": "own", "task": "tracker.sweeps.prune", "kwargs": "{}", **daily}
    admin_client.post(f"{LIST}{own.pk}/change/", values)
    own.refresh_from_db()
    assert (str(schedules.read_when(own)), own.enabled) == ("daily at 04:30 UTC", False)
    admin_client.post(f"{LIST}{own.pk}/delete/", {"post": "yes"})
    assert not PeriodicTask.objects.filter(pk=own.pk).exists()


def test_a_time_that_is_none_is_refused(admin_client: Client, own: PeriodicTask):
    for wrong in (
        {"repeat": "every", "every": "0"},
        {"repeat": "daily"},
        {"repeat": "never"},
        {"repeat": "every", "every": "9" * 30},
    ):
        values = {"name": "own", "task": own.task, "kwargs": "{}", "enabled": "on", **wrong}
        assert admin_client.post(f"{LIST}{own.pk}/change/", values).status_code == 200
    own.refresh_from_db()
    assert schedules.read_when(own) == Every(3600)


def test_a_maintainer_looks_and_does_not_touch(maintainer_client: Client, own: PeriodicTask):
    assert maintainer_client.get(f"{LIST}{own.pk}/change/").status_code == 200
    for rest in (f"{own.pk}/change/", f"{own.pk}/delete/", f"{own.pk}/reset/", "add/"):
        assert maintainer_client.post(f"{LIST}{rest}", {**EVERY, "name": "own", "task": own.task}).status_code == 403
