"""What nearly every kind is asked: from which day to which, and about which project."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from rest_framework import serializers

from reports.kinds.contract import Question
from tracker.exceptions import InvalidInput
from tracker.models import Project
from tracker.periods import FIRST_YEAR, LAST_YEAR, spell_moment
from tracker.services.projects import visible_projects
from tracker.site_time import day_of, start_of_day

MOST_DAYS = 3_700
USUAL_DAYS = 30
NO_PROJECT = "There is no project of this key, or none that you may see."
# What happens at the very moment counts.
TICK = timedelta(microseconds=1)


class PeriodSerializer(serializers.Serializer[Any]):
    """Days of the site, both included; without the first one, the last `days` of them, so that schedules move on."""

    days = serializers.IntegerField(
        min_value=1, max_value=MOST_DAYS, default=USUAL_DAYS, help_text="How many days, where no first day is given."
    )
    project = serializers.CharField(
        max_length=12, default="", allow_blank=True, help_text="Key of a project such as OPS; empty is all."
    )

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python lets an attribute have."""
        first = serializers.DateField(default=None, allow_null=True, label="From", help_text="The first day.")
        last = serializers.DateField(
            default=None, allow_null=True, label="To", help_text="The last day; empty is the day the report is of."
        )
        return {"from": first, "to": last, **super().get_fields()}

    def validate_project(self, key: str) -> str:
        """The key as it is spelled; those whom the report is for must know of the project."""
        key = key.strip().upper()
        actor = self.context.get("actor")
        if key and actor is not None and not visible_projects(actor).filter(key=key).exists():
            raise serializers.ValidationError(NO_PROJECT)
        return key

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        """The days are in order, and not so many that nobody could read the answer."""
        first, last = attrs.get("from"), attrs.get("to")
        for name, day in (("from", first), ("to", last)):
            if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
                raise serializers.ValidationError({name: f"A day from {FIRST_YEAR} to {LAST_YEAR}."})
        if first is not None and last is not None:
            if last < first:
                raise serializers.ValidationError({"to": "May not be before the first day."})
            if (last - first).days >= MOST_DAYS:
                raise serializers.ValidationError({"to": f"Up to {MOST_DAYS:,} days at once."})
        return attrs


@dataclass(frozen=True, slots=True)
class Period:
    """The days asked for, and the moments from `start` on and before `end`; nothing after `as_of` is in it."""

    first: date
    last: date
    start: datetime
    end: datetime

    def describe(self) -> dict[str, str]:
        """For a result: it says itself what it is about."""
        return {
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "start": spell_moment(self.start),
            "end": spell_moment(self.end),
            "zone": settings.SITE_TIMEZONE,
        }


def read_period(question: Question) -> Period:
    """The days that the parameters ask for, as of the question's moment."""
    parameters, as_of = question.parameters, question.as_of
    last = _read_day(parameters.get("to")) or day_of(as_of)
    first = _read_day(parameters.get("from"))
    if first is None:
        first = last - timedelta(days=int(parameters.get("days") or USUAL_DAYS) - 1)
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    start = start_of_day(first)
    end = max(start, min(start_of_day(last + timedelta(days=1)), as_of.astimezone(UTC) + TICK))
    return Period(first, last, start, end)


def find_project(question: Question) -> Project | None:
    """The project that the parameters name; None is all of them.

    Raises:
        InvalidInput: it is gone, or out of the asker's sight by now.
    """
    key = str(question.parameters.get("project") or "")
    if not key:
        return None
    project = visible_projects(question.actor).filter(key=key).first()
    if project is None:
        raise InvalidInput.of_field("project", NO_PROJECT)
    return project


def describe_project(project: Project | None) -> dict[str, Any] | None:
    """For a result: what lists narrow by, in the API and in the back office."""
    return None if project is None else {"key": project.key, "id": project.pk}


def _read_day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None
