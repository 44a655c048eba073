"""The form of a periodic task: what runs, with which arguments, and when."""

import json
from collections.abc import Mapping
from datetime import time
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django_celery_beat.models import PeriodicTask

from tracker import schedules
from tracker.access import Actor
from tracker.admin.base import AccessForm
from tracker.admin.schedule_arguments import find_arguments
from tracker.exceptions import InvalidInput
from tracker.schedule_times import LAST_DAY_OF_MONTH, WEEKDAYS, Daily, Every, Monthly, Weekly, When

UNITS = [("1", "seconds"), ("60", "minutes"), ("3600", "hours")]
REPEATS = [("every", "Every …"), ("daily", "Once a day"), ("weekly", "Once a week"), ("monthly", "Once a month")]
ON_THE_CLOCK = ("daily", "weekly", "monthly")


class ScheduleForm(AccessForm):
    """A task of the registered list, its arguments, and when it runs."""

    # What was chosen before this form: the task, and whatever its arguments depend on.
    chosen: ClassVar[Mapping[str, str]] = {}
    task = forms.ChoiceField()
    kwargs = forms.JSONField(
        label="Arguments", required=False, initial=dict, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="As JSON, such as {}; each task says which ones it takes.",
    )  # fmt: skip
    repeat = forms.ChoiceField(choices=REPEATS, widget=forms.RadioSelect)
    every = forms.IntegerField(label="Every", min_value=1, required=False)
    unit = forms.ChoiceField(label="", choices=UNITS, required=False)
    weekday = forms.TypedChoiceField(
        label="On", required=False, coerce=int, empty_value=None, choices=list(enumerate(WEEKDAYS)),
        help_text="Of a task that runs once a week.",
    )  # fmt: skip
    day = forms.IntegerField(
        label="On day", required=False, min_value=1, max_value=LAST_DAY_OF_MONTH,
        help_text=f"Of a task that runs once a month: 1 to {LAST_DAY_OF_MONTH}, which every month has.",
    )  # fmt: skip
    daily_at = forms.TimeField(
        label="At", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = PeriodicTask
        fields = ("name", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arguments = find_arguments(self.chosen.get("task", ""))
        if schedules.is_system(self.instance) or self.chosen.get("task"):
            del self.fields["task"]
        else:
            tasks = schedules.schedulable_tasks().values()
            self.fields["task"].choices = [  # type: ignore[attr-defined]
                (one.task, one.label) for one in tasks if find_arguments(one.task) is None
            ]
        if schedules.is_system(self.instance) or self.arguments is not None:
            del self.fields["kwargs"]
        self.zone = _zone_of(self.instance)
        self.fields["daily_at"].help_text = f"By the clocks of {self.zone}."
        self.initial.update(_read_initial(self.instance))
        if self.arguments is not None and self.instance.pk is None:
            self.initial.update({"repeat": "weekly", "every": 1, "unit": "3600"})
        if "name" in self.fields:
            self.fields["name"].help_text = "What people call it."

    def clean(self) -> dict[str, Any]:
        """A time that is given in full, and arguments that the task takes."""
        cleaned = super().clean()
        needed = {
            "every": [("every", "Say how often.")],
            "weekly": [("weekday", "Say on which day.")],
            "monthly": [("day", "Say on which day.")],
        }
        repeat = str(cleaned.get("repeat", ""))
        missing = [*needed.get(repeat, []), *([("daily_at", "Say at what time.")] if repeat in ON_THE_CLOCK else [])]
        for name, words in missing:
            if cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, words)
        if cleaned.get("kwargs") is not None and not isinstance(cleaned["kwargs"], dict):
            self.add_error("kwargs", "Must be an object such as {}.")
        if self.arguments is not None and not self.errors:
            self._read_arguments(cleaned)
        return cleaned

    def read_task(self) -> str | None:
        """The task; None where it is not asked for."""
        return self.chosen.get("task") or self.cleaned_data.get("task")

    def read_kwargs(self) -> dict[str, Any] | None:
        """The task's arguments; None where they are not asked for."""
        if "kwargs" not in self.cleaned_data and self.arguments is None:
            return None
        return self.cleaned_data.get("kwargs") or {}

    def read_when(self) -> When:
        """The time as the service takes it."""
        values = self.cleaned_data
        at: time = values.get("daily_at") or time()
        match values["repeat"]:
            case "daily":
                return Daily(at.hour, at.minute, self.zone)
            case "weekly":
                return Weekly(values["weekday"], at.hour, at.minute, self.zone)
            case "monthly":
                return Monthly(values["day"], at.hour, at.minute, self.zone)
        return Every(values["every"] * int(values.get("unit") or 1))

    def _read_arguments(self, cleaned: dict[str, Any]) -> None:
        assert self.arguments is not None  # noqa: S101 - the one caller asked
        try:
            cleaned["kwargs"] = self.arguments.read(self.chosen, cleaned)
        except InvalidInput as refusal:
            for detail in refusal.details:
                self.add_error(detail.field if detail.field in self.fields else None, detail.message)
            if not refusal.details:
                self.add_error(None, refusal.message)

    def _post_clean(self) -> None:
        """Nothing: the service checks the rest."""


def make_form(chosen: Mapping[str, str], kwargs: Mapping[str, Any], *, actor: Actor) -> type[ScheduleForm]:
    """The form for what was chosen, with a field for each argument where the task has them."""
    arguments = find_arguments(chosen.get("task", ""))
    fields = arguments.make_fields(chosen, kwargs, actor=actor) if arguments is not None else {}
    return type("TaskScheduleForm", (ScheduleForm,), {"chosen": dict(chosen), **fields})


def _zone_of(row: PeriodicTask) -> str:
    """A row keeps its clocks; a new one goes by the site's."""
    when = schedules.read_when(row) if row.pk is not None else None
    return when.timezone if isinstance(when, Daily | Weekly | Monthly) else settings.SITE_TIMEZONE


def _read_initial(row: PeriodicTask) -> dict[str, Any]:
    usual: dict[str, Any] = {"weekday": 0, "day": 1, "daily_at": time(7)}
    if row.pk is None:
        return {**usual, "repeat": "every", "every": 5, "unit": "60", "kwargs": {}, "enabled": True}
    initial = {**usual, "task": row.task, "kwargs": json.loads(row.kwargs or "{}")}
    match schedules.read_when(row):
        case Every(seconds):
            unit = next(size for size in (3600, 60, 1) if seconds % size == 0)
            return initial | {"repeat": "every", "every": seconds // unit, "unit": str(unit)}
        case Daily(hour, minute):
            return initial | {"repeat": "daily", "daily_at": time(hour, minute)}
        case Weekly(weekday, hour, minute):
            return initial | {"repeat": "weekly", "weekday": weekday, "daily_at": time(hour, minute)}
        case Monthly(day, hour, minute):
            return initial | {"repeat": "monthly", "day": day, "daily_at": time(hour, minute)}
    return initial
