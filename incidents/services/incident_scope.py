"""Which incidents an analysis is about: the words of a query made moments and rows, whoever asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime

from incidents.models import IncidentCategory, IncidentSpan
from incidents.services.incident_sets import Incidents, occurred_between, start_of_day
from tracker.access import Actor
from tracker.exceptions import InvalidInput
from tracker.models import Factory, Project
from tracker.periods import FIRST_YEAR, LAST_YEAR, spell_moment
from tracker.services.projects import visible_projects

PARAMETERS = ("from", "to", "project", "factory", "category")
A_DAY = "A day such as 2017-12-31, or a moment such as 2017-12-31T08:00:00Z, from 1970 to 2200."


@dataclass(frozen=True, slots=True)
class AnalysisScope:
    """From `start` on and before `end`, where they are given; days are those of `zone`.

    With `as_of`, what was reported later does not count, and an incident is in the project that it was in then.
    """

    zone: tzinfo
    start: datetime | None = None
    end: datetime | None = None
    project: Project | None = None
    factory: Factory | None = None
    category: IncidentCategory | None = None
    as_of: datetime | None = None

    def narrow(self, incidents: Incidents) -> Incidents:
        """Those that the scope is about."""
        incidents = occurred_between(incidents, self.start, self.end)
        if self.as_of is not None:
            incidents = incidents.filter(created_at__lte=self.as_of)
        if self.project is not None:
            incidents = incidents.filter(self._in_project(self.project))
        if self.factory is not None:
            incidents = incidents.filter(factory=self.factory)
        return incidents if self.category is None else incidents.filter(category=self.category)

    def _in_project(self, project: Project) -> Q:
        if self.as_of is None:
            return Q(project=project)
        spans = IncidentSpan.objects.filter(project=project, started_at__lte=self.as_of)
        return Q(pk__in=spans.filter(Q(ended_at=None) | Q(ended_at__gt=self.as_of)).values("incident"))


def read_scope(*, actor: Actor, params: Mapping[str, str], zone: tzinfo, are_days_only: bool = False) -> AnalysisScope:
    """The scope that a query asks for; what is empty or missing asks for nothing.

    `from` is included. `to` as a day is that whole day; as a moment it is left out. Lists of the back office know
    days only, so that a page whose figures lead there takes no moments.

    Raises:
        InvalidInput: naming the parameter.
    """
    start, is_first_a_day = _read_moment("from", params.get("from", ""), zone)
    moment, is_day = _read_moment("to", params.get("to", ""), zone)
    for name, found, is_right in (("from", start, is_first_a_day), ("to", moment, is_day)):
        if are_days_only and found is not None and not is_right:
            raise InvalidInput.of_field(name, "A day such as 2017-12-31.")
    end = _next_day(moment, zone) if moment is not None and is_day else moment
    if start is not None and end is not None and end <= start:
        raise InvalidInput.of_field("to", "Must be after from.")
    return AnalysisScope(
        zone,
        start,
        end,
        project=_find_project(actor, params.get("project", "")),
        factory=_find_factory(params.get("factory", "")),
        category=_find_category(params.get("category", "")),
    )


def _read_moment(name: str, text: str, zone: tzinfo) -> tuple[datetime | None, bool]:
    text = text.strip()
    if not text:
        return None, False
    try:
        # Digits of other scripts are digits to Python.
        day: date | None = parse_date(text) if text.isascii() else None
        moment = None if day is not None or not text.isascii() else parse_datetime(text)
    except ValueError:
        day = moment = None
    found = day or moment
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR or (moment is not None and moment.tzinfo is None):
        raise InvalidInput.of_field(name, A_DAY)
    return (start_of_day(day, zone), True) if day is not None else (moment, False)


def _next_day(moment: datetime, zone: tzinfo) -> datetime:
    return start_of_day(moment.date() + timedelta(days=1), zone)


def _find_project(actor: Actor, key: str) -> Project | None:
    if not key.strip():
        return None
    found = visible_projects(actor).filter(key=key.strip().upper()).first() if "\0" not in key else None
    if found is None:
        raise InvalidInput.of_field("project", "There is no project of this key, or none that you may see.")
    return found


def _find_factory(number: str) -> Factory | None:
    number = number.strip()
    if not number:
        return None
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    found = Factory.objects.filter(pk=int(number)).first() if is_number else None
    if found is None:
        raise InvalidInput.of_field("factory", "There is no factory of this number.")
    return found


def _find_category(key: str) -> IncidentCategory | None:
    if not key.strip():
        return None
    found = IncidentCategory.objects.filter(key=key.strip()).first() if "\0" not in key else None
    if found is None:
        raise InvalidInput.of_field("category", "There is no category of this key.")
    return found


def describe_period(scope: AnalysisScope) -> dict[str, str | None]:
    """First and last moment as RFC 3339 in UTC; None is open."""

    def write(moment: datetime | None) -> str | None:
        return spell_moment(moment) if moment is not None else None

    return {"from": write(scope.start), "to": write(scope.end)}
