"""Calendars as people write them down, checked and made into something that can count working time."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from zoneinfo import available_timezones

import holidays

from incidents.sla.errors import SpecError
from incidents.sla.working_time import ALWAYS_OPEN, AlwaysOpen, Calendar, Span, WeeklyCalendar
from incidents.sla.year_tables import DAY_SECONDS, Hours

__all__ = [
    "ALWAYS_OPEN",
    "DAYS",
    "AlwaysOpen",
    "Calendar",
    "CalendarSpec",
    "Span",
    "WeeklyCalendar",
    "check_calendar",
    "compile_calendar",
]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROUND_THE_CLOCK: Hours = (((0, DAY_SECONDS),),) * 7
MAX_EXTRA_HOLIDAYS = 2_000
MAX_INTERVALS_A_DAY = 24

_CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_HOLIDAY_CLASSES = holidays.list_supported_countries()


@dataclass(frozen=True, slots=True)
class CalendarSpec:
    """A calendar as written down.

    `hours` maps `mon` … `sun` to stretches of local wall time, `("09:00", "17:00")`, up to `24:00`; None means round
    the clock (still less the holidays, where any are named). `extra_holidays` are ISO dates.
    """

    name: str
    timezone: str = "UTC"
    hours: Mapping[str, Sequence[Sequence[str]]] | None = None
    holiday_country: str | None = None
    holiday_subdivision: str | None = None
    extra_holidays: Sequence[str] = field(default_factory=tuple)


def compile_calendar(spec: CalendarSpec) -> Calendar:
    """Make a calendar that counts. Equal specifications share one calendar and its tables.

    Raises:
        SpecError: the first fault of the specification; `check_calendar` tells all.
    """
    for error in check_calendar(spec):
        raise error
    hours = ROUND_THE_CLOCK if spec.hours is None else _in_seconds(spec.hours)
    return _compiled(
        spec.timezone,
        hours,
        spec.holiday_country or "",
        spec.holiday_subdivision or "",
        frozenset(date.fromisoformat(day) for day in spec.extra_holidays),
    )


def check_calendar(spec: CalendarSpec) -> Iterator[SpecError]:
    """All faults of a specification, each with its path below the calendar."""
    if spec.timezone not in _timezones():
        yield SpecError("timezone", f"unknown time zone {spec.timezone!r}; use an IANA name such as Europe/Berlin")
    if spec.hours is not None:
        yield from _check_hours(spec.hours)
    yield from _check_holidays(spec)


@lru_cache(maxsize=256)
def _compiled(timezone: str, hours: Hours, country: str, subdivision: str, extra: frozenset[date]) -> Calendar:
    if hours == ROUND_THE_CLOCK and not country and not extra:
        return ALWAYS_OPEN
    return WeeklyCalendar(timezone, hours, partial(_holidays_of, country, subdivision, extra))


def _holidays_of(country: str, subdivision: str, extra: frozenset[date], year: int) -> frozenset[date]:
    days = {day for day in extra if day.year == year}
    if country:
        with warnings.catch_warnings():
            # Some countries warn outside the years their lunar tables cover; those years simply know fewer holidays.
            warnings.simplefilter("ignore")
            days |= holidays.country_holidays(country, subdiv=subdivision or None, years=year).keys()
    return frozenset(days)


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_hours(hours: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[SpecError]:
    if not any(hours.values()):
        yield SpecError("hours", "no hours at all; give at least one stretch, or leave hours out for round the clock")
    for day, stretches in hours.items():
        if day not in DAYS:
            yield SpecError(f"hours.{day}", f"unknown day; use {', '.join(DAYS)}")
            continue
        if len(stretches) > MAX_INTERVALS_A_DAY:
            yield SpecError(f"hours.{day}", f"at most {MAX_INTERVALS_A_DAY} stretches a day")
            continue
        yield from _check_day(day, stretches)


def _check_day(day: str, stretches: Sequence[Sequence[str]]) -> Iterator[SpecError]:
    until = 0
    for index, stretch in enumerate(stretches):
        path = f"hours.{day}[{index}]"
        if len(stretch) != 2 or not all(isinstance(time, str) and _CLOCK_TIME.fullmatch(time) for time in stretch):
            yield SpecError(path, "use a start and an end as HH:MM, 00:00 to 24:00, such as 09:00 and 17:30")
            continue
        opens, closes = (_seconds(time) for time in stretch)
        if opens >= closes:
            yield SpecError(
                path, f"ends before it starts ({stretch[0]} to {stretch[1]}); split hours that pass midnight"
            )
        elif opens < until:
            yield SpecError(path, "overlaps the stretch before it; give stretches in order, none within another")
        until = max(until, closes)


def _check_holidays(spec: CalendarSpec) -> Iterator[SpecError]:
    country, subdivision = spec.holiday_country, spec.holiday_subdivision
    if country and country not in _HOLIDAY_CLASSES:
        yield SpecError("holidays.country", f"unknown country {country!r}; use an ISO code such as DE, US or AU")
    elif subdivision and not country:
        yield SpecError("holidays.subdivision", "needs a country")
    elif country and subdivision and subdivision not in (known := _HOLIDAY_CLASSES[country]):
        allowed = ", ".join(known) or "none"
        yield SpecError("holidays.subdivision", f"unknown subdivision {subdivision!r} of {country}; known: {allowed}")
    if len(spec.extra_holidays) > MAX_EXTRA_HOLIDAYS:
        yield SpecError("holidays.extra", f"at most {MAX_EXTRA_HOLIDAYS} days")
        return
    for index, day in enumerate(spec.extra_holidays):
        if not _is_iso_date(day):
            yield SpecError(f"holidays.extra[{index}]", "use a date as YYYY-MM-DD")


def _is_iso_date(text: str) -> bool:
    try:
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _in_seconds(hours: Mapping[str, Sequence[Sequence[str]]]) -> Hours:
    return tuple(tuple((_seconds(opens), _seconds(closes)) for opens, closes in hours.get(day, ())) for day in DAYS)


def _seconds(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 3600 + int(minute) * 60
