"""When a schedule runs, in words of people: how it is kept in django-celery-beat's tables, and when it last was due."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Every month has it.
LAST_DAY_OF_MONTH = 28


@dataclass(frozen=True, slots=True)
class Every:
    """A schedule that repeats after a number of seconds."""

    seconds: int

    def __str__(self) -> str:
        return f"every {self.seconds} s"


@dataclass(frozen=True, slots=True)
class Daily:
    """A schedule that runs once a day at a time of the clock."""

    hour: int
    minute: int = 0
    timezone: str = "UTC"

    def __str__(self) -> str:
        return f"daily at {self.hour:02d}:{self.minute:02d} {self.timezone}"


@dataclass(frozen=True, slots=True)
class Weekly:
    """A schedule that runs once a week; `weekday` is 0 for Monday."""

    weekday: int
    hour: int
    minute: int = 0
    timezone: str = "UTC"

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]}s at {self.hour:02d}:{self.minute:02d} {self.timezone}"


@dataclass(frozen=True, slots=True)
class Monthly:
    """A schedule that runs once a month, on a day that every month has."""

    day: int
    hour: int
    minute: int = 0
    timezone: str = "UTC"

    def __str__(self) -> str:
        return f"day {self.day} of the month at {self.hour:02d}:{self.minute:02d} {self.timezone}"


OnTheClock = Daily | Weekly | Monthly
When = Every | OnTheClock


def read_when(schedule: PeriodicTask) -> When | None:
    """The row's time in our words; None where it is something else."""
    if schedule.interval is not None:
        return Every(int(schedule.interval.schedule.run_every.total_seconds()))
    crontab = schedule.crontab
    if crontab is None or crontab.month_of_year != "*" or not (crontab.hour.isdigit() and crontab.minute.isdigit()):
        return None
    at = int(crontab.hour), int(crontab.minute), str(crontab.timezone)
    match crontab.day_of_week, crontab.day_of_month:
        case "*", "*":
            return Daily(*at)
        case weekday, "*" if weekday.isdigit():
            # Cron's week begins on Sunday.
            return Weekly((int(weekday) - 1) % 7, *at)
        case "*", day if day.isdigit():
            return Monthly(int(day), *at)
    return None


def schedule_columns(when: When) -> dict[str, Any]:
    """The columns of PeriodicTask that mean `when`; makes the interval or crontab row if need be."""
    if isinstance(when, Every):
        interval, _ = IntervalSchedule.objects.get_or_create(every=when.seconds, period=IntervalSchedule.SECONDS)
        return {"interval": interval, "crontab": None, "solar": None, "clocked": None}
    crontab, _ = CrontabSchedule.objects.get_or_create(
        minute=str(when.minute),
        hour=str(when.hour),
        day_of_week=str((when.weekday + 1) % 7) if isinstance(when, Weekly) else "*",
        day_of_month=str(when.day) if isinstance(when, Monthly) else "*",
        month_of_year="*",
        timezone=when.timezone,
    )
    return {"interval": None, "crontab": crontab, "solar": None, "clocked": None}


def is_possible(when: OnTheClock) -> bool:
    """Whether there is such a time."""
    is_time = 0 <= when.hour <= 23 and 0 <= when.minute <= 59
    match when:
        case Weekly():
            return is_time and 0 <= when.weekday <= 6
        case Monthly():
            return is_time and 1 <= when.day <= LAST_DAY_OF_MONTH
    return is_time


def last_due(when: When, now: datetime) -> datetime:
    """The latest moment up to `now` at which it was due."""
    if isinstance(when, Every):
        seconds = int(now.timestamp())
        return datetime.fromtimestamp(seconds - seconds % when.seconds, tz=UTC)
    zone = ZoneInfo(when.timezone)
    day = now.astimezone(zone).date()
    while not _is_day_of(when, day) or _moment(when, day, zone) > now:
        day -= timedelta(days=1)
    return _moment(when, day, zone)


def _is_day_of(when: OnTheClock, day: date) -> bool:
    match when:
        case Weekly():
            return day.weekday() == when.weekday
        case Monthly():
            return day.day == when.day
    return True


def _moment(when: OnTheClock, day: date, zone: ZoneInfo) -> datetime:
    # In UTC: of two moments in one zone Python compares the faces of the clocks.
    return datetime.combine(day, time(when.hour, when.minute), tzinfo=zone).astimezone(UTC)
