"""A calendar as a form: a week in words, holidays, and from when on it counts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from incidents.admin.policy_forms import PublishForm
from incidents.sla.calendars import DAYS, CalendarSpec
from tracker.exceptions import DomainError

SPAN = re.compile(r"\s*(\d\d:\d\d)\s*[-–]\s*(\d\d:\d\d)\s*")


class HoursField(forms.CharField):
    """A day's working hours as people write them: "09:00-12:00, 13:00-17:00"; empty is free."""

    def clean(self, value: Any) -> list[tuple[str, str]]:
        """Pairs of times; whether they make sense is the calendar's to say."""
        text = super().clean(value)
        spans = [SPAN.fullmatch(part) for part in text.split(",")] if text.strip() else []
        if not all(spans):
            raise forms.ValidationError("Write it as 09:00-12:00, 13:00-17:00.")
        return [(span[1], span[2]) for span in spans if span]


class CalendarForm(PublishForm):
    """The next version of a calendar; every rule that names it follows from then on."""

    name = forms.CharField(max_length=60, help_text="Rules name a calendar by this.")
    timezone = forms.CharField(label="Time zone", max_length=64, initial="UTC", help_text="Such as Europe/Berlin.")
    is_round_the_clock = forms.BooleanField(label="Round the clock", required=False)
    mon = HoursField(label="Monday", required=False)
    tue = HoursField(label="Tuesday", required=False)
    wed = HoursField(label="Wednesday", required=False)
    thu = HoursField(label="Thursday", required=False)
    fri = HoursField(label="Friday", required=False)
    sat = HoursField(label="Saturday", required=False)
    sun = HoursField(label="Sunday", required=False)
    holiday_country = forms.CharField(
        label="Holidays of", max_length=2, required=False, help_text="A country's two letters, such as DE."
    )
    holiday_subdivision = forms.CharField(label="and its part", max_length=10, required=False, help_text="Such as BY.")
    extra_holidays = forms.CharField(
        label="Further holidays", required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One date in each line, such as 2026-12-24.",
    )  # fmt: skip
    field_order = ("name", "timezone", "is_round_the_clock", *DAYS, "holiday_country", "holiday_subdivision")

    def read_spec(self) -> CalendarSpec:
        """What was sent."""
        values = self.cleaned_data
        hours = {day: values[day] for day in DAYS if values[day]}
        return CalendarSpec(
            name=values["name"],
            timezone=values["timezone"].strip(),
            hours=None if values["is_round_the_clock"] else hours,
            holiday_country=values["holiday_country"].strip().upper() or None,
            holiday_subdivision=values["holiday_subdivision"].strip().upper() or None,
            extra_holidays=tuple(values["extra_holidays"].split()),
        )

    def show_refusal(self, error: DomainError) -> None:
        """Puts each fault beside its field."""
        for detail in error.details:
            parts = re.split(r"[.\[]", detail.field.removeprefix(f"calendars.{self.cleaned_data.get('name')}."))
            field = next((part for part in reversed(parts) if part in self.fields), None)
            self.add_error(field, detail.message if field else f"{detail.field}: {detail.message}")
        if not error.details:
            self.add_error(None, error.message)


def fill_calendar(spec: CalendarSpec) -> dict[str, Any]:
    """A calendar as the form's initial values."""
    hours: Mapping[str, Sequence[Sequence[str]]] = spec.hours or {}
    return {
        "name": spec.name,
        "timezone": spec.timezone,
        "is_round_the_clock": spec.hours is None,
        "holiday_country": spec.holiday_country or "",
        "holiday_subdivision": spec.holiday_subdivision or "",
        "extra_holidays": "\n".join(spec.extra_holidays),
        **{day: ", ".join(f"{start}-{end}" for start, end in hours.get(day, [])) for day in DAYS},
    }
