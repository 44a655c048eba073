"""Calendars: working hours and holidays, in versions."""

from typing import Any

from django.contrib import admin

from incidents.models import Calendar
from tracker.admin.base import AccessAdmin
from tracker.admin.formats import write_moment

DAYS = (("mon", "Mon"), ("tue", "Tue"), ("wed", "Wed"), ("thu", "Thu"), ("fri", "Fri"), ("sat", "Sat"), ("sun", "Sun"))


@admin.register(Calendar)
class CalendarAdmin(AccessAdmin[Calendar]):
    """When time counts. A version never changes, because closed clocks were judged by it."""

    resource = "sla_policies"
    menu = ("SLA", 2)
    list_display = ("name", "version", "timezone", "hours_cell", "holidays_cell", "created_cell")
    search_fields = ("name",)
    fields = ("name", "version", "timezone", "hours_cell", "holidays_cell", "extra_cell", "created_cell")
    readonly_fields = ("hours_cell", "holidays_cell", "extra_cell", "created_cell")
    empty_hint = "No calendar yet; a policy makes the ones that it needs."

    @admin.display(description="hours")
    def hours_cell(self, calendar: Calendar) -> str:
        """The week in words."""
        return tell_hours(calendar.hours)

    @admin.display(description="holidays")
    def holidays_cell(self, calendar: Calendar) -> str:
        """Whose public holidays are free."""
        return "/".join(part for part in (calendar.holiday_country, calendar.holiday_subdivision) if part) or "none"

    @admin.display(description="further holidays")
    def extra_cell(self, calendar: Calendar) -> str:
        """Days that are free on top."""
        return ", ".join(str(day) for day in calendar.extra_holidays) or "none"

    @admin.display(description="created")
    def created_cell(self, calendar: Calendar) -> str:
        """Since when it is there."""
        return write_moment(calendar.created_at)


def tell_hours(hours: dict[str, Any] | None) -> str:
    """A week in words, days of the same hours together: "Mon–Fri 09:00–17:00, Sat 10:00–14:00"."""
    if not hours:
        return "round the clock"
    spans = [(label, ", ".join(f"{start}–{end}" for start, end in hours.get(key) or [])) for key, label in DAYS]
    runs: list[tuple[str, str, str]] = []
    for label, span in spans:
        if runs and runs[-1][2] == span:
            runs[-1] = (runs[-1][0], label, span)
        else:
            runs.append((label, label, span))
    return "; ".join(f"{first if first == last else f'{first}–{last}'} {span}" for first, last, span in runs if span)
