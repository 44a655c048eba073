"""Periodic tasks: when each sweep runs. What runs comes from the code, never from this page."""

import json
from datetime import time
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django_celery_beat.models import PeriodicTask

from tracker import schedules
from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.schedules import Daily, Every
from tracker.services.schedules import change_schedule, create_schedule, delete_schedule, reset_schedule

UNITS = [("1", "seconds"), ("60", "minutes"), ("3600", "hours")]


class ScheduleForm(AccessForm):
    """A task of the registered list, its arguments, and when it runs."""

    task = forms.ChoiceField()
    kwargs = forms.JSONField(
        label="Arguments", required=False, initial=dict, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="As JSON, such as {}; each task says which ones it takes.",
    )  # fmt: skip
    repeat = forms.ChoiceField(choices=[("every", "Every …"), ("daily", "Once a day")], widget=forms.RadioSelect)
    every = forms.IntegerField(label="Every", min_value=1, required=False)
    unit = forms.ChoiceField(label="", choices=UNITS, required=False)
    daily_at = forms.TimeField(
        label="Daily at (UTC)", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = PeriodicTask
        fields = ("name", "enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if schedules.is_system(self.instance):
            del self.fields["task"], self.fields["kwargs"]
        else:
            tasks = schedules.schedulable_tasks().values()
            self.fields["task"].choices = [(one.task, one.label) for one in tasks]  # type: ignore[attr-defined]
        self.initial.update(_read_initial(self.instance))

    def clean(self) -> dict[str, Any]:
        """A time that is given in full."""
        cleaned = super().clean()
        if cleaned.get("repeat") == "every" and not cleaned.get("every"):
            self.add_error("every", "Say how often.")
        if cleaned.get("repeat") == "daily" and cleaned.get("daily_at") is None:
            self.add_error("daily_at", "Say at what time.")
        if cleaned.get("kwargs") is not None and not isinstance(cleaned["kwargs"], dict):
            self.add_error("kwargs", "Must be an object such as {}.")
        return cleaned

    def read_when(self) -> Every | Daily:
        """The time as the service takes it."""
        values = self.cleaned_data
        if values["repeat"] == "daily":
            at: time = values["daily_at"]
            return Daily(at.hour, at.minute)
        return Every(values["every"] * int(values.get("unit") or 1))

    def _post_clean(self) -> None:
        """Nothing: the service checks the rest."""


def _read_initial(row: PeriodicTask) -> dict[str, Any]:
    if row.pk is None:
        return {"repeat": "every", "every": 5, "unit": "60", "kwargs": {}, "enabled": True}
    initial: dict[str, Any] = {"task": row.task, "kwargs": json.loads(row.kwargs or "{}")}
    match schedules.read_when(row):
        case Daily(hour, minute):
            return initial | {"repeat": "daily", "daily_at": time(hour, minute)}
        case Every(seconds):
            unit = next(size for size in (3600, 60, 1) if seconds % size == 0)
            return initial | {"repeat": "every", "every": seconds // unit, "unit": str(unit)}
    return initial


class ScheduleAdmin(AccessAdmin[PeriodicTask]):
    """When each sweep runs. Of the rows that Tracker ships only time and switch can be changed."""

    resource = "periodic_tasks"
    menu = ("System", 1)
    form = ScheduleForm
    list_display = ("name", "label_cell", "when_cell", "state_cell", "origin_cell", "last_cell")
    list_select_related = ("interval", "crontab")
    search_fields = ("name",)
    ordering = ("name",)
    change_form_template = "admin/schedule_form.html"

    def get_urls(self) -> list[Any]:
        """With an address to go back to the default."""
        return [self.page_url("reset", self.reset_view), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        """Name, task and arguments are fixed for a shipped row."""
        when = ("repeat", ("every", "unit"), "daily_at", "enabled")
        if not self.has_change_permission(request, obj) and obj is not None:
            return [(None, {"fields": ("name", "label_cell", "kwargs_cell", "when_cell", "state_cell", "last_cell")})]
        if obj is not None and schedules.is_system(obj):
            return [(None, {"fields": ("name", "label_cell", "description", *when)})]
        return [(None, {"fields": ("name", "task", "kwargs", *when)})]

    def get_readonly_fields(self, request: HttpRequest, obj: PeriodicTask | None = None) -> tuple[str, ...]:
        """What is shown and not asked."""
        shown = ("label_cell", "kwargs_cell", "when_cell", "state_cell", "last_cell", "description")
        return shown if obj is None else (*shown, "name")

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        """Never a row that Tracker ships."""
        return not (obj is not None and schedules.is_system(obj)) and super().has_delete_permission(request, obj)

    def log_key(self, obj: PeriodicTask) -> tuple[str, str]:
        """The log names schedules by their name."""
        return "schedule", obj.name

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With a way back to the default where there is one."""
        row = context.get("original")
        context["may_reset"] = (
            row is not None and schedules.differs_from_default(row) and self.has_change_permission(request, row)
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:
        """Writes through the service."""
        values, actor = form.cleaned_data, actor_of(request)
        if not change:
            row = create_schedule(
                actor,
                name=values["name"],
                task=values["task"],
                when=form.read_when(),
                kwargs=values["kwargs"] or {},
                is_enabled=values["enabled"],
            )
            obj.pk = row.pk
            return
        is_own = "task" in values
        change_schedule(
            actor,
            name=PeriodicTask.objects.values_list("name", flat=True).get(pk=obj.pk),
            when=form.read_when(),
            is_enabled=values["enabled"],
            task=values["task"] if is_own else None,
            kwargs=(values["kwargs"] or {}) if is_own else None,
        )

    def delete_model(self, request: HttpRequest, obj: PeriodicTask) -> None:
        """Deletes through the service."""
        delete_schedule(actor_of(request), name=obj.name)

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Back to the default."""
        return self.run_for_one(
            request, object_id, "update",
            lambda row: reset_schedule(actor_of(request), name=row.name),
            "Back to the default.",
        )  # fmt: skip

    @admin.display(description="what it does")
    def label_cell(self, row: PeriodicTask) -> str:
        """The task in words."""
        known = schedules.schedulable_tasks().get(row.task)
        return known.label if known else row.task

    @admin.display(description="arguments")
    def kwargs_cell(self, row: PeriodicTask) -> str:
        """What it is called with."""
        return row.kwargs

    @admin.display(description="when")
    def when_cell(self, row: PeriodicTask) -> str:
        """The time in words."""
        return str(schedules.read_when(row) or row.schedule)

    @admin.display(description="state")
    def state_cell(self, row: PeriodicTask) -> SafeString:
        """Whether it runs."""
        return render_badge("On", "ok") if row.enabled else render_badge("Off", "alert")

    @admin.display(description="origin")
    def origin_cell(self, row: PeriodicTask) -> SafeString:
        """Shipped, shipped and edited, or made here."""
        if not schedules.is_system(row):
            return render_badge("Own", "info")
        return (
            render_badge("Edited", "alert") if schedules.differs_from_default(row) else render_badge("Default", "quiet")
        )

    @admin.display(description="last started")
    def last_cell(self, row: PeriodicTask) -> str:
        """When beat last rang for it."""
        return write_moment(row.last_run_at)
