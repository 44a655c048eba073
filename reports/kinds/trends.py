"""Days, weeks or months of a period: enough to see where something is going, few enough to read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import CharField, DateField, DateTimeField, F, Func, Value

from reports.kinds.periods import Period
from tracker.periods import spell_moment
from tracker.site_time import DAY, site_zone, start_of_day

# Up to so many days, days; up to so many, weeks from Monday; else months. Spreads need a few rows in each to say
# anything; what is counted is told more finely.
FOR_SPREADS, FOR_COUNTS = (14, 182), (92, 731)


@dataclass(frozen=True, slots=True)
class Bucket:
    """The whole day, week or month by the day it begins on, and the days and moments of it that are in the period."""

    whole: date
    first: date
    last: date
    start: datetime
    end: datetime

    def describe(self) -> dict[str, str]:
        """For a result."""
        days = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return {**days, "start": spell_moment(self.start), "end": spell_moment(self.end)}


def choose_bucket(period: Period, most: tuple[int, int] = FOR_SPREADS) -> str:
    """day, week or month."""
    days, (most_daily, most_weekly) = (period.last - period.first).days + 1, most
    return "day" if days <= most_daily else "week" if days <= most_weekly else "month"


def bucket_of(moment: str, bucket: str) -> Func:
    """The first day of the bucket that a moment lies in, on the site's clock."""
    zone = Value(str(site_zone()), output_field=CharField())
    local = Func(zone, F(moment), function="timezone", output_field=DateTimeField())
    # A date, and not the moment at which it begins somewhere.
    return Func(local, template=f"date_trunc('{bucket}', %(expressions)s)::date", output_field=DateField())


def list_buckets(period: Period, bucket: str) -> Iterator[Bucket]:
    """Every bucket of the period, whether anything happened in it or not."""
    whole = _floor(period.first, bucket)
    while whole <= period.last:
        following = _floor(whole + DAY * {"day": 1, "week": 7, "month": 31}[bucket], bucket)
        start, end = max(start_of_day(whole), period.start), min(start_of_day(following), period.end)
        first, last = max(whole, period.first), min(following - DAY, period.last)
        yield Bucket(whole, first, last, start, max(start, end))
        whole = following


def list_counted(period: Period) -> tuple[str, list[Bucket]]:
    """How counts are told over time: day, week or month, and those that have begun by the moment of the report.

    What lies after it is not told as if nothing had happened.
    """
    bucket = choose_bucket(period, FOR_COUNTS)
    return bucket, [one for one in list_buckets(period, bucket) if one.start < period.end]


def _floor(day: date, bucket: str) -> date:
    if bucket == "month":
        return day.replace(day=1)
    return day - DAY * day.weekday() if bucket == "week" else day
