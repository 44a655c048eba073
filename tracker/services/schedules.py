"""Writing schedules: the shipped ones after each migration, and an admin's changes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django_celery_beat.models import PeriodicTask, PeriodicTasks

from tracker import schedules
from tracker.access import Actor, require
from tracker.bells import ring
from tracker.exceptions import Conflict, InvalidInput, NotFound
from tracker.models import Event
from tracker.schedule_times import Every, When, is_possible
from tracker.schedules import DefaultSchedule
from tracker.services.events import log_event

OBJECT_TYPE = "schedule"
LONGEST_SECONDS = 30 * 24 * 3600
MOST_WAITED_SECONDS = 120


@dataclass(frozen=True, slots=True)
class SyncResult:
    """How many shipped schedules were made, brought up to a new default, left as an admin edited them."""

    created: int
    updated: int
    kept: int


@transaction.atomic
def sync_schedules(actor: Actor) -> SyncResult:
    """Makes the shipped schedules that are missing. One that an admin edited is never overwritten; one that nobody
    touched follows its default, such as SCHEDULER_INTERVAL_MINUTES. Rows whose task is gone are switched off."""
    created = updated = kept = 0
    for default in schedules.default_schedules().values():
        row, is_new = PeriodicTask.objects.get_or_create(name=default.name, defaults=_columns(default))
        if is_new:
            created += 1
            _run_for_the_first_time(default)
        elif row.task == default.task and (not schedules.differs_from_default(row) or _was_edited(default.name)):
            kept += 1
        else:
            PeriodicTask.objects.filter(pk=row.pk).update(**_columns(default))
            updated += 1
    gone = PeriodicTask.objects.filter(enabled=True).exclude(task__in=schedules.schedulable_tasks())
    updated += gone.update(enabled=False)
    if created or updated:
        PeriodicTasks.update_changed()
        log_event(
            actor=actor, verb="schedule.synced", object_type=OBJECT_TYPE, data={"created": created, "updated": updated}
        )
    return SyncResult(created, updated, kept)


@transaction.atomic
def change_schedule(
    actor: Actor,
    *,
    name: str,
    when: When | None = None,
    is_enabled: bool | None = None,
    task: str | None = None,
    kwargs: Mapping[str, Any] | None = None,
) -> PeriodicTask:
    """Changes a row; of a shipped one only the time and the switch.

    Raises:
        PermissionDenied: the actor may not. NotFound: there is no such row.
        Conflict: the task or the arguments of a shipped row. InvalidInput: what the task or the time does not allow.
    """
    require(actor, "periodic_tasks", "update")
    row = PeriodicTask.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFound("There is no such schedule.")
    before = describe(row)
    if schedules.is_system(row) and (task not in (None, row.task) or kwargs not in (None, json.loads(row.kwargs))):
        raise Conflict("Of a schedule that Tracker ships only the time and the switch may change.")
    _apply(row, when=when, is_enabled=is_enabled, task=task, kwargs=kwargs)
    log_event(
        actor=actor,
        verb="schedule.updated",
        object_type=OBJECT_TYPE,
        object_id=name,
        before=before,
        after=describe(row),
    )
    return row


@transaction.atomic
def create_schedule(
    actor: Actor, *, name: str, task: str, when: When, kwargs: Mapping[str, Any], is_enabled: bool = True
) -> PeriodicTask:
    """Adds a schedule of a registered task.

    Raises:
        PermissionDenied: the actor may not. Conflict: the name is taken. InvalidInput: task, arguments or time.
    """
    require(actor, "periodic_tasks", "create")
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise InvalidInput.of_field("name", "1 to 200 characters, in one line.")
    if PeriodicTask.objects.filter(name=name).exists():
        raise Conflict("There is a schedule of this name.")
    row = PeriodicTask(name=name, task=task)
    _apply(row, when=when, is_enabled=is_enabled, task=task, kwargs=kwargs)
    log_event(actor=actor, verb="schedule.created", object_type=OBJECT_TYPE, object_id=name, after=describe(row))
    return row


@transaction.atomic
def reset_schedule(actor: Actor, *, name: str) -> PeriodicTask:
    """Gives a shipped row its default back; from then on it follows the default again.

    Raises:
        PermissionDenied: the actor may not. NotFound: Tracker ships no such schedule.
    """
    require(actor, "periodic_tasks", "update")
    default = schedules.default_schedules().get(name)
    row = PeriodicTask.objects.select_for_update().filter(name=name).first()
    if default is None or row is None:
        raise NotFound("Tracker ships no schedule of this name.")
    before = describe(row)
    for column, value in _columns(default).items():
        setattr(row, column, value)
    row.save()
    log_event(
        actor=actor,
        verb="schedule.updated",
        object_type=OBJECT_TYPE,
        object_id=name,
        before=before,
        after=describe(row),
        data={"is_reset": True},
    )
    return row


@transaction.atomic
def delete_schedule(actor: Actor, *, name: str) -> None:
    """Deletes a row that Tracker does not ship.

    Raises:
        PermissionDenied: the actor may not. NotFound: there is none. Conflict: Tracker ships it; switch it off instead.
    """
    require(actor, "periodic_tasks", "delete")
    row = PeriodicTask.objects.select_for_update().filter(name=name).first()
    if row is None:
        raise NotFound("There is no such schedule.")
    if schedules.is_system(row):
        raise Conflict("Tracker needs this schedule; switch it off instead.")
    before = describe(row)
    row.delete()
    log_event(actor=actor, verb="schedule.deleted", object_type=OBJECT_TYPE, object_id=name, before=before)


def describe(row: PeriodicTask) -> dict[str, Any]:
    """What the log says of a row."""
    when = schedules.read_when(row) or row.schedule
    return {"task": row.task, "kwargs": row.kwargs, "when": str(when), "is_enabled": row.enabled}


def _apply(
    row: PeriodicTask,
    *,
    when: When | None,
    is_enabled: bool | None,
    task: str | None,
    kwargs: Mapping[str, Any] | None,
) -> None:
    if task is not None or kwargs is not None:
        arguments = dict(json.loads(row.kwargs)) if kwargs is None else dict(kwargs)
        schedules.check_task(task or row.task, arguments)
        row.task, row.kwargs = task or row.task, json.dumps(arguments)
    if when is not None:
        _check_when(when, row.task)
        for column, value in schedules.schedule_columns(when).items():
            setattr(row, column, value)
    if is_enabled is not None:
        row.enabled = is_enabled
    row.save()


def _check_when(when: When, task: str) -> None:
    known = schedules.schedulable_tasks().get(task)
    least = known.least_seconds if known is not None else 1
    if isinstance(when, Every) and not least <= when.seconds <= LONGEST_SECONDS:
        raise InvalidInput.of_field("schedule", f"From {least} to {LONGEST_SECONDS} seconds.")
    if not isinstance(when, Every) and not is_possible(when):
        raise InvalidInput.of_field("schedule", "A time from 00:00 to 23:59, on a day that every month has.")


def _columns(default: DefaultSchedule) -> dict[str, Any]:
    return {
        "task": default.task,
        "kwargs": "{}",
        "enabled": True,
        "description": default.description,
        "expire_seconds": default.expire_seconds,
        **schedules.schedule_columns(default.when),
    }


def _run_for_the_first_time(default: DefaultSchedule) -> None:
    """What comes seldom is not waited for: a new installation, or a new release, has its first run at once."""
    if isinstance(default.when, Every) and default.when.seconds <= MOST_WAITED_SECONDS:
        return
    ring(default.task)


def _was_edited(name: str) -> bool:
    """Whether the log's last word on this row is an admin's change, and not a reset."""
    last = Event.objects.filter(object_type=OBJECT_TYPE, object_id=name, verb="schedule.updated").first()
    return last is not None and not last.data.get("is_reset")
