"""Days, weeks or months of a period: enough to see where something is going, few enough to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import CharField, DateField, DateTimeField, F, Func, Value

from reports.kinds.periods import Period
from tracker.site_time import DAY, site_zone, start_of_day

# Up to so many days, days; up to so many, weeks from Monday; else months.
MOST_DAILY, MOST_WEEKLY = 14, 182


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of them by its first day, and the moments that it lies between within the period."""

    first: date
    start: datetime
    end: datetime


def choose_bucket(period: Period) -> str:
    """day, week or month."""
    days = (period.last - period.first).days + 1
    return "day" if days <= MOST_DAILY else "week" if days <= MOST_WEEKLY else "month"


def bucket_of(moment: str, bucket: str) -> Func:
    """The first day of the bucket that a moment lies in, on the site's clock."""
    zone = Value(str(site_zone()), output_field=CharField())
    local = Func(zone, F(moment), function="timezone", output_field=DateTimeField())
    # A date, and not the moment at which it begins somewhere.
    return Func(local, template=f"date_trunc('{bucket}', %(expressions)s)::date", output_field=DateField())


def list_buckets(period: Period, bucket: str) -> Iterator[Bucket]:
    """Every bucket of the period, whether anything happened in it or not."""
    first = _floor(period.first, bucket)
    while first <= period.last:
        following = _floor(first + DAY * {"day": 1, "week": 7, "month": 31}[bucket], bucket)
        start, end = max(start_of_day(first), period.start), min(start_of_day(following), period.end)
        yield Bucket(first, start, max(start, end))
        first = following


def _floor(day: date, bucket: str) -> date:
    if bucket == "month":
        return day.replace(day=1)
    return day - DAY * day.weekday() if bucket == "week" else day
