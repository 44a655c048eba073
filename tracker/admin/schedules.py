"""Periodic tasks: when each sweep runs. What runs comes from the code, never from this page."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django_celery_beat.models import PeriodicTask

from tracker import schedules
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.admin.schedule_arguments import Choice, Question, find_arguments
from tracker.admin.schedule_forms import ScheduleForm, make_form
from tracker.services.schedules import change_schedule, create_schedule, delete_schedule, reset_schedule


class ScheduleAdmin(AccessAdmin[PeriodicTask]):
    """When each sweep runs. Of the rows that Tracker ships only time and switch can be changed."""

    resource = "periodic_tasks"
    menu = ("Operation", 11)
    form = ScheduleForm
    list_display = ("name", "label_cell", "when_cell", "state_cell", "origin_cell", "last_cell")
    list_select_related = ("interval", "crontab")
    search_fields = ("name",)
    ordering = ("name",)
    change_form_template = "admin/schedule_form.html"

    def get_urls(self) -> list[Any]:
        """With an address to go back to the default."""
        return [self.page_url("reset", self.reset_view), *super().get_urls()]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> Any:
        """First what runs, and what its arguments depend on, each on a page of its own; then the form."""
        chosen = _read_chosen(request)
        question = _find_question(chosen) if request.method == "GET" or chosen else None
        if question is None:
            arguments = find_arguments(chosen.get("task", ""))
            told = {"title": arguments.name(chosen)} if arguments is not None else {}
            return super().add_view(request, form_url, {**(extra_context or {}), **told})
        if not self.has_add_permission(request):
            raise PermissionDenied
        ways = [(choice, f"?{urlencode({**chosen, question.name: choice.value})}") for choice in question.choices]
        context = {
            **self.admin_site.each_context(request),
            "title": question.label,
            "opts": self.opts,
            "ways": ways,
        }
        return TemplateResponse(request, "admin/schedule_choice.html", context)

    def get_form(
        self, request: HttpRequest, obj: PeriodicTask | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """With a field for each argument of the task that was chosen."""
        form = make_form(*_about(request, obj), actor=actor_of(request))
        return super().get_form(request, obj, change, form=form, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        """Name, task and arguments are fixed for a shipped row."""
        when = ("repeat", ("every", "unit"), "weekday", "day", "daily_at", "enabled")
        if not self.has_change_permission(request, obj) and obj is not None:
            return [(None, {"fields": ("name", "label_cell", "kwargs_cell", "when_cell", "state_cell", "last_cell")})]
        if obj is not None and schedules.is_system(obj):
            return [(None, {"fields": ("name", "label_cell", "description", *when)})]
        chosen, kwargs = _about(request, obj)
        arguments = find_arguments(chosen.get("task", ""))
        if arguments is not None:
            asked = tuple(arguments.make_fields(chosen, kwargs, actor=actor_of(request)))
            told = ("label_cell",) if obj is not None else ()
            return [(None, {"fields": ("name", *told, *asked)}), ("When", {"fields": when})]
        task = () if chosen.get("task") else ("task",)
        return [(None, {"fields": ("name", *task, "kwargs", *when)})]

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
                task=form.read_task(),
                when=form.read_when(),
                kwargs=form.read_kwargs() or {},
                is_enabled=values["enabled"],
            )
            obj.pk = row.pk
            return
        change_schedule(
            actor,
            name=PeriodicTask.objects.values_list("name", flat=True).get(pk=obj.pk),
            when=form.read_when(),
            is_enabled=values["enabled"],
            task=None if schedules.is_system(obj) else form.read_task(),
            kwargs=None if schedules.is_system(obj) else form.read_kwargs(),
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
        known, arguments = schedules.schedulable_tasks().get(row.task), find_arguments(row.task)
        if arguments is not None:
            return arguments.describe(_kwargs_of(row))
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


def _read_chosen(request: HttpRequest) -> dict[str, str]:
    """What the page's address says of the task and its arguments."""
    chosen = {name: str(value) for name, value in request.GET.items() if name != "_changelist_filters"}
    return chosen if chosen.get("task") in schedules.schedulable_tasks() else {}


def _find_question(chosen: Mapping[str, str]) -> Question | None:
    if not chosen:
        # What people plan comes before what Tracker needs.
        tasks = sorted(schedules.schedulable_tasks().values(), key=lambda one: find_arguments(one.task) is None)
        return Question("task", "What is to run?", [Choice(one.task, one.label) for one in tasks])
    arguments = find_arguments(chosen["task"])
    return arguments.find_question(chosen) if arguments is not None else None


def _about(request: HttpRequest, obj: PeriodicTask | None) -> tuple[dict[str, str], dict[str, Any]]:
    """What was chosen, by the address of a new task or by a row's arguments; and these."""
    if obj is None:
        return _read_chosen(request), {}
    arguments, kwargs = find_arguments(obj.task), _kwargs_of(obj)
    return ({"task": obj.task, **arguments.read_chosen(kwargs)} if arguments is not None else {}), kwargs


def _kwargs_of(row: PeriodicTask) -> dict[str, Any]:
    kwargs = json.loads(row.kwargs or "{}")
    return kwargs if isinstance(kwargs, dict) else {}
