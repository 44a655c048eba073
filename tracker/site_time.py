"""The site's days: where one ends and the next begins for figures, schedules and reports (SITE_TIMEZONE)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from tracker import clock

DAY = timedelta(days=1)


def site_zone() -> ZoneInfo:
    """The site's time zone."""
    return ZoneInfo(settings.SITE_TIMEZONE)


def start_of_day(day: date) -> datetime:
    """The first moment of a day, in UTC. Where midnight is skipped, that is the moment of the change; where it comes
    twice, the earlier one."""
    return datetime.combine(day, time(), site_zone()).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The day that a moment lies in, as `start_of_day` cuts them."""
    day = moment.astimezone(site_zone()).date()
    # In the hour that an autumn night repeats across midnight the clock on the wall says yesterday once more.
    return day + DAY if moment >= start_of_day(day + DAY) else day


def site_today() -> date:
    """The day that it is now."""
    return day_of(clock.now())


def time_in_utc(hour: int, minute: int = 0) -> tuple[int, int]:
    """Hour and minute in UTC of this time on the site's clocks, or of an hour later while they are put forward."""
    year = clock.now().year
    offsets = [datetime(year, month, 1, 12, tzinfo=site_zone()).utcoffset() or timedelta() for month in range(1, 13)]
    return divmod(int((hour * 60 + minute) - min(offsets) / timedelta(minutes=1)) % (24 * 60), 60)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for number in range((last - first).days + 1):
        yield first + DAY * number
