"""The calendar in whose hours a report counts working time."""

from datetime import datetime
from typing import Any

from django.db.models import Subquery
from rest_framework import serializers

from incidents.models import Calendar as StoredCalendar
from incidents.models import PolicyRule, PolicyVersion
from incidents.services.policy_documents import specify_calendar
from incidents.sla.calendars import ALWAYS_OPEN, Calendar, compile_calendar
from reports.kinds.contract import Question
from tracker.exceptions import InvalidInput

ROUND_THE_CLOCK = "round the clock"
NO_CALENDAR = "There is no calendar of this name."


class CalendarField(serializers.CharField):
    """The name of a calendar; empty is the one that the policy's last rule counts by."""

    def __init__(self) -> None:
        text = "Whose hours are working time; empty is the calendar of the SLA policy's last rule."
        super().__init__(default="", allow_blank=True, max_length=60, label="Calendar", help_text=text)

    def to_internal_value(self, data: Any) -> str:
        """A calendar that there is."""
        name = str(super().to_internal_value(data)).strip()
        if name and ("\0" in name or not StoredCalendar.objects.filter(name=name).exists()):
            raise serializers.ValidationError(NO_CALENDAR)
        return name


def find_calendar(question: Question) -> tuple[str, Calendar]:
    """What the calendar is called, and the calendar, in the version that was the newest at that moment.

    Raises:
        InvalidInput: there is none of that name any more.
    """
    name = str(question.parameters.get("calendar") or "")
    stored = _named_calendar(name, question.as_of) if name else _usual_calendar(question.as_of)
    if stored is None:
        return ROUND_THE_CLOCK, ALWAYS_OPEN
    return f"{stored.name}, version {stored.version}", compile_calendar(specify_calendar(stored))


def _named_calendar(name: str, as_of: datetime) -> StoredCalendar:
    versions = StoredCalendar.objects.filter(name=name)
    found = versions.filter(created_at__lte=as_of).order_by("-version").first() or versions.order_by("version").first()
    if found is None:
        raise InvalidInput.of_field("calendar", NO_CALENDAR)
    return found


def _usual_calendar(as_of: datetime) -> StoredCalendar | None:
    known = PolicyVersion.objects.filter(effective_at__lte=as_of, created_at__lte=as_of).order_by("-number")
    rules = PolicyRule.objects.filter(version=Subquery(known.values("pk")[:1]))
    last = rules.select_related("calendar").order_by("-position").first()
    return last.calendar if last is not None else None
