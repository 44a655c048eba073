"""What the first page takes from the daily figures: sums over all projects, by a range of days and one measure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import IntegerField, Max, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from incidents.choices import ClockKind, Severity
from reports.choices import DailyMeasure
from reports.models import DailyStat
from reports.services.daily_stats import visible_daily_stats
from tracker.access import Actor

OF_BACKLOG = (DailyMeasure.ISSUES, DailyMeasure.INCIDENTS, DailyMeasure.TICKETS)


class Attainment(NamedTuple):
    """How many promises of one kind were kept, and how many were not."""

    met: int
    missed: int

    @property
    def percent(self) -> float | None:
        """The share that was kept; None where none was decided."""
        decided = self.met + self.missed
        return self.met / decided * 100 if decided else None


class OpenBySeverity(NamedTuple):
    """What was open at the end of a day, or so far today, by severity, as of `refreshed_at`."""

    counts: Mapping[str, int]
    refreshed_at: datetime


def sum_attainment(*, actor: Actor, first: date, last: date) -> dict[str, Attainment]:
    """The promises that were decided from one day to another, both included, by kind."""
    rows = _of(actor, DailyMeasure.SLA).filter(day__range=(first, last))
    names = [f"{kind}_{verdict}" for kind in ClockKind for verdict in ("met", "missed")]
    sums = rows.aggregate(**{name: _sum(name) for name in names})
    return {str(kind): Attainment(sums[f"{kind}_met"] or 0, sums[f"{kind}_missed"] or 0) for kind in ClockKind}


def read_backlog(*, actor: Actor, first: date, last: date) -> dict[DailyMeasure, dict[date, int]]:
    """What was open at the end of each day, by measure; a day without figures is not there."""
    rows = visible_daily_stats(actor).filter(measure__in=OF_BACKLOG, day__range=(first, last)).order_by()
    backlog: dict[DailyMeasure, dict[date, int]] = {measure: {} for measure in OF_BACKLOG}
    for measure, day, total in rows.values_list("measure", "day").annotate(total=_sum("open")):
        backlog[DailyMeasure(measure)][day] = total or 0
    return backlog


def read_open_by_severity(*, actor: Actor, measure: DailyMeasure) -> OpenBySeverity | None:
    """The latest figures of what is open; None where there are none yet."""
    rows = _of(actor, measure)
    day = rows.aggregate(day=Max("day"))["day"]
    if day is None:
        return None
    counts = {str(severity): _sum(f"open_by_severity__{severity}") for severity in Severity}
    found = rows.filter(day=day).aggregate(**counts, refreshed_at=Max("refreshed_at"))
    return OpenBySeverity({str(severity): found[severity] or 0 for severity in Severity}, found["refreshed_at"])


def _of(actor: Actor, measure: DailyMeasure) -> QuerySet[DailyStat]:
    return visible_daily_stats(actor).filter(measure=measure).order_by()


def _sum(path: str) -> Any:
    return Sum(Cast(KT(f"figures__{path}"), IntegerField()))
