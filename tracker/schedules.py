"""Which tasks may be scheduled, with which arguments, and the schedules Tracker ships.

Each package declares its own by `declare` when Django starts; services/schedules.py writes them to django-celery-beat's
tables, where an admin may edit them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django_celery_beat.models import PeriodicTask

from tracker.exceptions import FieldError, InvalidInput
from tracker.schedule_times import Daily, Every, Monthly, Weekly, When, read_when, schedule_columns

__all__ = [
    "SLOW_QUEUE", "Daily", "DefaultSchedule", "Every", "Monthly", "SchedulableTask", "Weekly", "When", "check_task",
    "declare", "default_schedules", "differs_from_default", "is_system", "read_when", "route_task",
    "schedulable_tasks", "schedule_columns", "whole_number",
]  # fmt: skip
SLOW_QUEUE = "slow"
KwargCheck = Callable[[Any], str]
ArgumentsCheck = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True, slots=True)
class SchedulableTask:
    """A task that a person may schedule.

    Attributes:
        kwargs: maps each argument to a check that returns "" or what is wrong.
        check: looks at the arguments together, where one depends on another; raises InvalidInput.
        least_seconds: it may not repeat more often.
        is_slow: it may take minutes, and waits in a queue of its own, so that a site may give it workers of its own.
    """

    task: str
    label: str
    kwargs: Mapping[str, KwargCheck] = field(default_factory=dict)
    check: ArgumentsCheck | None = None
    least_seconds: int = 1
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class DefaultSchedule:
    """A schedule that Tracker ships. A vital one is also run by the worker itself when nobody rings for it; then
    one that may take minutes (`is_long`) runs beside the others, so that they do not wait for it."""

    name: str
    task: str
    when: Every | Daily
    description: str
    is_vital: bool = False
    is_long: bool = False

    @property
    def sweep(self) -> str:
        """The name under which the task records its runs (SweepHeartbeat)."""
        return self.task.rsplit(".", 1)[-1]

    @property
    def expire_seconds(self) -> int:
        """After this long an undelivered message is void: the next one does its work."""
        return max(self.when.seconds, 10) if isinstance(self.when, Every) else 12 * 3600


_tasks: dict[str, SchedulableTask] = {}
_defaults: dict[str, DefaultSchedule] = {}


def declare(*, tasks: Iterable[SchedulableTask] = (), defaults: Iterable[DefaultSchedule] = ()) -> None:
    """Adds a package's tasks and shipped schedules. Declaring a name again replaces it."""
    _tasks.update({task.task: task for task in tasks})
    _defaults.update({default.name: default for default in defaults})


def schedulable_tasks() -> Mapping[str, SchedulableTask]:
    """Every task that may be scheduled, by its name."""
    return _tasks


def default_schedules() -> Mapping[str, DefaultSchedule]:
    """Every shipped schedule, by its name."""
    return _defaults


def route_task(name: str, *_: Any, **__: Any) -> dict[str, str] | None:
    """Celery's router: in which queue a task waits; None is the usual one."""
    known = _tasks.get(name)
    return {"queue": SLOW_QUEUE} if known is not None and known.is_slow else None


def is_system(schedule: PeriodicTask) -> bool:
    """Whether Tracker shipped this row: then only its switch and its time may change, and it is never deleted."""
    return schedule.name in _defaults


def differs_from_default(schedule: PeriodicTask) -> bool:
    """Whether an admin changed a shipped row's time or switched it off."""
    default = _defaults.get(schedule.name)
    return default is not None and (not schedule.enabled or read_when(schedule) != default.when)


def check_task(task: str, kwargs: Mapping[str, Any]) -> None:
    """Refuses a task that is not declared, and arguments that the task does not take.

    Raises:
        InvalidInput: naming the field `task`, or `kwargs.NAME` for each wrong argument.
    """
    known = _tasks.get(task)
    if known is None:
        raise InvalidInput.of_field("task", "Choose one of the registered tasks.")
    errors = [
        FieldError(f"kwargs.{name}", problem)
        for name, value in kwargs.items()
        if (problem := known.kwargs[name](value) if name in known.kwargs else "This task does not take it.")
    ]
    if errors:
        raise InvalidInput("The task's arguments are not right.", details=errors)
    if known.check is not None:
        known.check(kwargs)


def whole_number(low: int, high: int) -> KwargCheck:
    """A check for an argument that is a whole number from `low` to `high`."""

    def check(value: Any) -> str:
        is_right = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        return "" if is_right else f"A whole number from {low} to {high}."

    return check
