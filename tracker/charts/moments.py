"""A scale of time: round moments on the clocks of one zone, and how they are written."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

Moment = float | date | datetime
MINUTE, HOUR, DAY = 60, 3_600, 86_400
# Steps below a day in seconds; from there on in days, months and years.
SECONDS = (1, 5, 15, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR)
DAYS = (1, 2, 7, 14)
MONTHS = (1, 3, 6)
YEARS = (1, 2, 5, 10, 20, 50, 100, 1_000)
MONTH, YEAR = 28 * DAY, 365 * DAY
# A Monday, so that steps of weeks begin on one.
MONDAY = date(1970, 1, 5).toordinal()


def to_number(moment: Moment) -> float:
    """Seconds since 1970 of a date or a datetime; a number as it is."""
    if isinstance(moment, datetime):
        return moment.timestamp()
    return (moment.toordinal() - date(1970, 1, 1).toordinal()) * DAY if isinstance(moment, date) else float(moment)


def find_moments(first: float, last: float, zone: tzinfo = UTC, most: int = 7) -> list[tuple[float, str]]:
    """At most about `most` round moments between two (seconds since 1970), and what is written under each.

    The first says day and year as well.
    """
    span = max(1.0, last - first)
    begin = datetime.fromtimestamp(first, zone)
    step = next((step for step in SECONDS if span / step <= most), None)
    walk, form = (_by_seconds(begin, step), _form_of(step, span)) if step else _by_calendar(begin, span, most)
    found: list[tuple[float, str]] = []
    for moment in walk:
        number = moment.timestamp()
        if number > last:
            break
        if number >= first:
            found.append((number, _write(moment, form if found else _with_day_and_year(form))))
    return found


def write_moment(moment: Moment, zone: tzinfo | None = None) -> str:
    """A moment in words, for tips and descriptions; on the clocks of `zone` where there is one."""
    if isinstance(moment, datetime):
        return _write(moment.astimezone(zone) if zone else moment, "{day} %b %Y, %H:%M")
    return _write(moment, "{day} %b %Y") if isinstance(moment, date) else f"{moment:,.10g}"


def _form_of(step: int, span: float) -> str:
    clock = "%H:%M" if step >= MINUTE else "%H:%M:%S"
    return clock if span <= DAY else "{day} %b " + clock


def _with_day_and_year(form: str) -> str:
    day, _, clock = form.partition("%H")
    whole = day if "%Y" in day else "{day} %b %Y"
    return f"{whole.strip()}, %H{clock}" if clock else whole


def _write(moment: date, form: str) -> str:
    return moment.strftime(form.replace("{day}", str(moment.day)))


def _by_seconds(begin: datetime, step: int) -> Iterator[datetime]:
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    passed = (begin.replace(tzinfo=None) - midnight.replace(tzinfo=None)).total_seconds()
    moment = midnight.replace(tzinfo=None) + timedelta(seconds=passed // step * step)
    # Wall time: twelve o'clock stays twelve o'clock when clocks change.
    while moment.year < date.max.year:
        yield moment.replace(tzinfo=begin.tzinfo)
        moment += timedelta(seconds=step)


def _by_calendar(begin: datetime, span: float, most: int) -> tuple[Iterator[datetime], str]:
    for days in DAYS:
        if span / (days * DAY) <= most:
            return _by_days(begin, days), "{day} %b"
    for months in MONTHS:
        if span / (months * MONTH) <= most:
            return _by_months(begin, months), "%b %Y"
    years = next((years for years in YEARS if span / (years * YEAR) <= most), YEARS[-1])
    return _by_months(begin, 12 * years), "%Y"


def _by_days(begin: datetime, days: int) -> Iterator[datetime]:
    ordinal = begin.toordinal()
    ordinal -= (ordinal - MONDAY) % days if days > 1 else 0
    return (_midnight(date.fromordinal(ordinal + days * n), begin) for n in range(400))


def _by_months(begin: datetime, months: int) -> Iterator[datetime]:
    place = begin.year * 12 + begin.month - 1
    place -= place % months
    spots: Callable[[int], tuple[int, int]] = lambda n: divmod(place + months * n, 12)  # noqa: E731
    return (_midnight(date(max(1, y), m + 1, 1), begin) for y, m in map(spots, range(400)) if y <= date.max.year)


def _midnight(day: date, begin: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=begin.tzinfo)
