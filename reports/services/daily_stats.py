"""Daily figures: kept up day by day, and made anew from history. Both come to the same rows, see daily_statements.py.

Nobody asks here whether somebody else wrote something late: what is open by the figures is compared with what is open
by the tables each time, and where the two differ, all days are made anew. The rest heals at night.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet

from incidents.models import Alert, IncidentSpan, IssueSpan, Ticket
from incidents.services.told_order import write_meanings
from reports.choices import DailyMeasure
from reports.models import DailyStat
from reports.services.daily_changes import CLOSED, READ_SPELLINGS, READ_SPELLINGS_SINCE
from reports.services.daily_statements import MOST_WORDS, OTHER, write_statement
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput
from tracker.site_time import DAY, day_of, days_between, site_today, start_of_day

# What happened before is not told by day; it counts as open from the first of these days on, where it still was.
MOST_DAYS = 20 * 366
# So many days are caught up one after the other; after a longer absence all are made anew.
MOST_CAUGHT_UP = timedelta(days=40)
# After an outage alerts are written late, as of when they were due: so far back they are looked for.
ALERTS_LATE = timedelta(days=3)
# Sorting a history on disk takes longer than all the rest, and compiling these statements longer than running them.
PREPARE = """
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true),
       pg_try_advisory_xact_lock(hashtextextended('daily figures', 2711))
"""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """How many rows were looked at, written because they were missing or wrong, and taken away."""

    rows: int = 0
    written: int = 0
    removed: int = 0

    def __add__(self, other: "RefreshResult") -> "RefreshResult":
        return RefreshResult(self.rows + other.rows, self.written + other.written, self.removed + other.removed)


class _Stretch(NamedTuple):
    """The days that a statement goes through, and those of them that it may write."""

    first: date
    last: date
    write_first: date
    write_last: date


def visible_daily_stats(actor: Actor) -> QuerySet[DailyStat]:
    """The one rule of who sees daily figures: whoever may list them sees all."""
    decision = access.decide(actor, "daily_stats", "list")
    return DailyStat.objects.all() if decision.is_for_all_rows else DailyStat.objects.none()


def refresh_daily_stats(
    *,
    first: date | None = None,
    last: date | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> RefreshResult:
    """Makes the figures of these days anew from all history, without a day of all there are; today is the last.

    Only rows that are not right are written, and such as nothing stands behind any more taken away.

    Raises:
        InvalidInput: the days run backward or into the future.
        Conflict: somebody else is writing them.
    """
    today = site_today()
    if last is not None and last > today:
        raise InvalidInput.of_field("to", f"Up to today, {today}.")
    if first is not None and first > (last or today):
        raise InvalidInput.of_field("from", "Must not be after the last day.")
    result, statuses = RefreshResult(), read_statuses()
    for done, measure in enumerate(DailyMeasure):
        progress(done, len(DailyMeasure))
        with transaction.atomic():
            _hold()
            result += _rebuild(measure, first, last or today, statuses)
    progress(len(DailyMeasure), len(DailyMeasure))
    return result


@transaction.atomic
def advance_daily_stats() -> RefreshResult:
    """Brings the figures up to this moment: the days since the last one that is right, and today.

    Where there is no such day, where a day is missing, or where the figures do not come to what is open by the tables,
    all are made anew.

    Raises: Conflict as `refresh_daily_stats`.
    """
    _hold()
    today, result = site_today(), RefreshResult()
    right = _find_last_right_days(today)
    firsts = {measure: day + DAY for measure, day in right.items()}
    if DailyMeasure.SLA in firsts:
        firsts[DailyMeasure.SLA] = _find_late_alerts(firsts[DailyMeasure.SLA])
    statuses = read_statuses(since=start_of_day(min(firsts.values()))) if firsts else ""
    for measure, first in firsts.items():
        written, is_right = _write(measure, _Stretch(first, today, first, today), statuses, is_whole=False)
        result += written
        if not is_right:
            logger.info("Daily figures are not what the tables say.", extra={"operation": str(measure)})
            del right[measure]
    wrong = [measure for measure in DailyMeasure if measure not in right]
    statuses = read_statuses() if wrong else ""
    return sum((_rebuild(measure, None, today, statuses) for measure in wrong), result)


def _hold() -> None:
    with connection.cursor() as cursor:
        cursor.execute(PREPARE)
        if not cursor.fetchone()[2]:
            raise Conflict("The daily figures are being made already; try again when that is done.")


def _find_last_right_days(today: date) -> dict[DailyMeasure, date]:
    """The last day of each measure that was over when its rows were found to be right, as were those of the days before
    it. A measure is left out where there is none lately."""
    rows = DailyStat.objects.filter(day__gte=today - MOST_CAUGHT_UP).order_by("measure", "day").values("measure", "day")
    right: dict[DailyMeasure, date] = {}
    ended: set[DailyMeasure] = set()
    least: dict[DailyMeasure, int] = {}
    for row in rows.annotate(at=Min("refreshed_at"), projects=Count("id")):
        measure, day = DailyMeasure(row["measure"]), row["day"]
        is_next = right.get(measure) in (None, day - DAY)
        # A project that has figures has them every day from then on.
        is_whole = row["projects"] >= least.setdefault(measure, 0)
        least[measure] = row["projects"]
        if measure in ended or not (is_next and is_whole and row["at"] >= start_of_day(day + DAY)):
            ended.add(measure)
        else:
            right[measure] = day
    return right


def _find_late_alerts(first: date) -> date:
    """The day of the first alert that was due before this day and written since; this day where there is none."""
    begins = start_of_day(first)
    late = Alert.objects.filter(crossed_at__gte=begins - ALERTS_LATE, crossed_at__lt=begins, fired_at__gte=begins)
    moment = late.aggregate(first=Min("crossed_at"))["first"]
    return day_of(moment) if moment is not None else first


def _rebuild(measure: DailyMeasure, first: date | None, last: date, statuses: str) -> RefreshResult:
    today = site_today()
    earliest, oldest = _find_first_day(measure, today), today - timedelta(days=MOST_DAYS)
    begins = min(max(earliest, oldest), last)
    # Rows that lie further back than is looked at stay as they are.
    write_first = first or (date.min if earliest > oldest else begins)
    result, is_right = _write(measure, _Stretch(begins, last, write_first, last), statuses, is_whole=True)
    if not is_right and last == today:
        logger.warning("History and tables differ in what is open.", extra={"operation": str(measure)})
    return result


def _find_first_day(measure: DailyMeasure, today: date) -> date:
    """The first day on which there can be anything."""
    rows: QuerySet[Any] = Ticket.objects.all()
    column = "created_at"
    if measure in (DailyMeasure.ISSUES, DailyMeasure.INCIDENTS):
        rows = IssueSpan.objects.all() if measure == DailyMeasure.ISSUES else IncidentSpan.objects.all()
        column = "started_at"
    moment = rows.order_by().aggregate(first=Min(column))["first"]
    return day_of(moment) if moment is not None else today


def _write(measure: DailyMeasure, days: _Stretch, statuses: str, *, is_whole: bool) -> tuple[RefreshResult, bool]:
    """Runs the statement; answers also whether the figures come to what is open by the tables."""
    now = clock.now()
    statement = write_statement(measure, is_whole=is_whole, is_until_now=days.last == day_of(now))
    bounds = [start_of_day(day) for day in days_between(days.first, days.last + DAY)]
    parameters = {
        **days._asdict(),
        "closed": CLOSED[measure],
        "most_words": MOST_WORDS,
        "other": OTHER,
        "measure": str(measure),
        "now": now,
        "bounds": bounds,
        "days": len(bounds) - 1,
        "since": bounds[0],
        "statuses": statuses,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows, written, removed, is_right = cursor.fetchone()
    return RefreshResult(rows, written, removed), is_right


def read_statuses(*, since: datetime | None = None) -> str:
    """What statuses mean, of all events or of what has changed since."""
    with connection.cursor() as cursor:
        cursor.execute(READ_SPELLINGS if since is None else READ_SPELLINGS_SINCE, {"since": since})
        spellings = [row[0] for row in cursor.fetchall()]
    return write_meanings(spellings)
