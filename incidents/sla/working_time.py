"""Working time: how much of it lies between two instants, and when a given amount of it has passed.

An instant is working when the wall clock of the calendar's zone shows a time within the hours of that local day and
the day is no holiday. So a day that is an hour short or long counts 23 or 25 hours, an hour that is skipped never
counts, and an hour that comes twice counts twice. All arithmetic is done in UTC, on whole microseconds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from incidents.sla.year_tables import Hours, YearTable, build_year_table

ZERO = timedelta(0)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HORIZON_YEARS = 50
LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time [start, end) that is working throughout, or not at all."""

    start: datetime
    end: datetime
    is_working: bool


class Calendar(Protocol):
    """When time counts. Instants are aware; those handed back are UTC."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Working time within [start, end); zero when `end` is not after `start`."""
        ...

    def add(self, start: datetime, amount: timedelta) -> datetime | None:
        """The earliest instant with `amount` of working time since `start`; None beyond the horizon."""
        ...

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The stretches of [start, end) in order, working and not by turns."""
        ...


class AlwaysOpen:
    """Round the clock, every day."""

    __slots__ = ()

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """See `Calendar.elapsed`."""
        if end <= start:
            return ZERO
        # Aware times of one zone are subtracted by the wall clock, so that only UTC is right across a clock change.
        return end - start if start.tzinfo is UTC else end.astimezone(UTC) - start.astimezone(UTC)

    def add(self, start: datetime, amount: timedelta) -> datetime | None:
        """See `Calendar.add`; None only past the year 9999."""
        try:
            return (start if start.tzinfo is UTC else start.astimezone(UTC)) + amount
        except OverflowError:
            return None

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """See `Calendar.spans`."""
        if end > start:
            yield Span(start.astimezone(UTC), end.astimezone(UTC), True)

    def __repr__(self) -> str:
        return "AlwaysOpen()"


ALWAYS_OPEN = AlwaysOpen()


class WeeklyCalendar:
    """The same hours every week, less holidays, in one time zone.

    Args:
        timezone: IANA name.
        hours: for Monday to Sunday the open stretches of the day, in seconds since midnight (end ≤ 86,400), ascending.
        holidays_of: the holidays (local dates) of a year.

    Tables of cumulated working time are made per UTC year, when first asked for, and kept.
    """

    __slots__ = ("_holidays_of", "_hours", "_tables", "timezone")

    def __init__(self, timezone: str, hours: Hours, holidays_of: Callable[[int], frozenset[date]]) -> None:
        if not any(hours):
            raise ValueError("a calendar without any hours never gets anything done")
        self.timezone = timezone
        self._hours = hours
        self._holidays_of = holidays_of
        self._tables: dict[int, YearTable] = {}

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """See `Calendar.elapsed`."""
        if end <= start:
            return ZERO
        first, since = self._locate(start)
        last, until = self._locate(end)
        if first == last:
            return timedelta(microseconds=until - since)
        between = sum(self._table(year).total for year in range(first, last))
        return timedelta(microseconds=between - since + until)

    def add(self, start: datetime, amount: timedelta) -> datetime | None:
        """See `Calendar.add`; the horizon is 50 years."""
        if amount <= ZERO:
            return start.astimezone(UTC)
        year, wanted = self._locate(start)
        wanted += amount // MICROSECOND
        final = min(year + HORIZON_YEARS, LAST_YEAR)
        table = self._table(year)
        while wanted > table.total:
            if year >= final:
                return None
            wanted -= table.total
            year += 1
            table = self._table(year)
        index = bisect_left(table.totals, wanted)
        try:
            return _instant(table.ends[index] - (table.totals[index] - wanted))
        except OverflowError:
            return None

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """See `Calendar.spans`."""
        cursor, final = _microseconds(start), _microseconds(end)
        for opens, closes in self._open_stretches(cursor, final):
            if opens > cursor:
                yield Span(_instant(cursor), _instant(opens), False)
            yield Span(_instant(opens), _instant(closes), True)
            cursor = closes
        if cursor < final:
            yield Span(_instant(cursor), _instant(final), False)

    def _open_stretches(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The working stretches within [start, end), joined where one year runs on into the next."""
        held: tuple[int, int] | None = None
        for year in range(_instant(start).year, _instant(end).year + 1):
            table = self._table(year)
            for index in range(bisect_right(table.ends, start), len(table.ends)):
                opens, closes = max(table.starts[index], start), min(table.ends[index], end)
                if opens >= closes:
                    break
                if held and held[1] == opens:
                    held = (held[0], closes)
                    continue
                if held:
                    yield held
                held = (opens, closes)
        if held:
            yield held

    def _locate(self, instant: datetime) -> tuple[int, int]:
        """The UTC year of an instant and the working microseconds of that year before it."""
        moment = _microseconds(instant)
        year = instant.year if instant.tzinfo is UTC else instant.astimezone(UTC).year
        table = self._tables.get(year) or self._table(year)
        index = bisect_right(table.ends, moment)
        if index == len(table.ends):
            return year, table.total
        opens = table.starts[index]
        total = table.totals[index] - table.ends[index]
        return year, total + (moment if moment > opens else opens)

    def _table(self, year: int) -> YearTable:
        table = self._tables.get(year)
        if table is None:
            table = self._tables[year] = build_year_table(year, self.timezone, self._hours, self._holidays_of)
        return table

    def __repr__(self) -> str:
        return f"WeeklyCalendar({self.timezone!r}, {self._hours!r})"


def _microseconds(instant: datetime) -> int:
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)
