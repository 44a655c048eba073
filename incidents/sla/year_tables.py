"""The working stretches of one UTC year of a weekly calendar, as tables to be searched by bisection."""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Hours = tuple[tuple[tuple[int, int], ...], ...]

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
LAST_ORDINAL = date.max.toordinal()
DAY_SECONDS = 86_400
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class YearTable:
    """Working stretches [starts[i], ends[i]) in µs since 1970 and the working µs of the year up to each end."""

    starts: "array[int]"
    ends: "array[int]"
    totals: "array[int]"
    total: int


def build_year_table(
    year: int, timezone: str, hours: Hours, holidays_of: Callable[[int], frozenset[date]]
) -> YearTable:
    """Lay out the hours of `year` (UTC, clipped at both ends); adjoining stretches become one."""
    near = range(max(year - 1, date.min.year), min(year + 1, date.max.year) + 1)
    holidays = {day.toordinal() for year_near in near for day in holidays_of(year_near)}
    starts, ends, totals = array("q"), array("q"), array("q")
    total = 0
    for opens, closes in _stretches(year, ZoneInfo(timezone), hours, holidays):
        total += (closes - opens) * MILLION
        if ends and ends[-1] == opens * MILLION:
            ends[-1], totals[-1] = closes * MILLION, total
        else:
            starts.append(opens * MILLION)
            ends.append(closes * MILLION)
            totals.append(total)
    return YearTable(starts, ends, totals, total)


def _stretches(year: int, zone: ZoneInfo, hours: Hours, holidays: set[int]) -> Iterator[tuple[int, int]]:
    """Working stretches of the year in seconds since 1970, in order, none overlapping another."""
    for begin, end, offset in _offset_runs(year, zone):
        first, last = (begin + offset) // DAY_SECONDS, (end - 1 + offset) // DAY_SECONDS
        for day in range(first, last + 1):
            ordinal = day + EPOCH_ORDINAL
            if ordinal in holidays:
                continue
            midnight = day * DAY_SECONDS - offset
            for opens, closes in hours[(ordinal - 1) % 7]:
                since, until = max(midnight + opens, begin), min(midnight + closes, end)
                if since < until:
                    yield since, until


def _offset_runs(year: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """The year cut where the zone's offset changes: (begin, end, offset), all in seconds."""
    begin = (date(year, 1, 1).toordinal() - EPOCH_ORDINAL) * DAY_SECONDS
    days = LAST_ORDINAL + 1 - date(year, 1, 1).toordinal() if year == date.max.year else _days_of(year)
    final = begin + days * DAY_SECONDS
    offset = _offset_at(begin, zone)
    for edge in range(begin + DAY_SECONDS, final + 1, DAY_SECONDS):
        probe = min(edge, final - 1)
        if (after := _offset_at(probe, zone)) == offset:
            continue
        change = _first_second_with(after, probe - DAY_SECONDS, probe, zone)
        yield begin, change, offset
        begin, offset = change, after
    yield begin, final, offset


def _days_of(year: int) -> int:
    return date(year + 1, 1, 1).toordinal() - date(year, 1, 1).toordinal()


def _first_second_with(offset: int, low: int, high: int, zone: ZoneInfo) -> int:
    """The second in (low, high] from which on `offset` holds."""
    return low + bisect_left(range(low, high), True, lo=1, key=lambda second: _offset_at(second, zone) == offset)


def _offset_at(second: int, zone: ZoneInfo) -> int:
    """The zone's offset from UTC in whole seconds; at the very edges of the calendar the nearest known one."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    for shift in (timedelta(0), timedelta(days=-1), timedelta(days=1)):
        try:
            offset = (instant + shift).astimezone(zone).utcoffset()
        except OverflowError:
            continue
        if offset is not None:
            return offset // timedelta(seconds=1)
    raise OverflowError(f"no offset known for {zone.key} at {instant:%Y-%m-%d}")
