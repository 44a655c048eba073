"""Working time by walking the days one after the other, each by what the clock on the wall shows there."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
DAY_SECONDS = 86_400
# Whoever promises something for later than this is not second-guessed.
HORIZON = timedelta(days=15 * 366)

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True)
class WorkingDays:
    """A calendar: `hours[weekday]` are that weekday's stretches in seconds of the local day; None = always open."""

    zone: str = "UTC"
    hours: tuple[tuple[tuple[int, int], ...], ...] | None = None
    country: str = ""
    subdivision: str = ""
    extra: frozenset[date] = field(default_factory=frozenset)

    def stretches(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Each stretch of working time within [start, end), in order; those that touch may come apart."""
        if self.hours is None and not self.country and not self.extra:
            if start < end:
                yield start, end
            return
        for begins, ends, offset in _constant_stretches(ZoneInfo(self.zone), start, end):
            day, last = (begins + offset).date(), (ends + offset).date()
            while day <= last:
                # Where the offset does not change, the wall and UTC are the same but for it.
                midnight = datetime.combine(day, time(), UTC) - offset
                for opens, closes in self._hours_of(day):
                    first, final = midnight + opens * SECOND, midnight + closes * SECOND
                    if max(first, begins) < min(final, ends):
                        yield max(first, begins), min(final, ends)
                day += DAY

    def count(self, start: datetime, end: datetime) -> timedelta:
        """The working time within [start, end)."""
        return sum((ends - begins for begins, ends in self.stretches(start, end)), timedelta())

    def reach(self, start: datetime, amount: timedelta, until: datetime | None = None) -> datetime | None:
        """When `amount` of working time has passed since `start`; None where that is after `until`, or too far off."""
        if amount <= timedelta():
            return start
        for begins, ends in self.stretches(start, until if until is not None else start + HORIZON):
            if ends - begins >= amount:
                return begins + amount
            amount -= ends - begins
        return None

    def _hours_of(self, day: date) -> tuple[tuple[int, int], ...]:
        if day in self.extra or day in _public_holidays(self.country, self.subdivision, day.year):
            return ()
        return ((0, DAY_SECONDS),) if self.hours is None else self.hours[day.weekday()]


def _constant_stretches(zone: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """[start, end) cut where the zone's offset from UTC changes, with that offset."""
    while start < end:
        offset, after = _offset(zone, start), min(start + DAY, end)
        if _offset(zone, after) != offset:
            after = min(_find_change(zone, start, after), end)
        yield start, after, offset
        start = after


def _find_change(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The second at which the offset is another one for the first time."""
    low, high, before = low.replace(microsecond=0), high.replace(microsecond=0) + SECOND, _offset(zone, low)
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: tzinfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


@lru_cache(maxsize=256)
def _public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
