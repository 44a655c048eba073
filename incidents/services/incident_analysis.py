"""Figures about incidents: by category, over time, by hour and weekday, by place; counted by the database."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db.models import Aggregate, CharField, Count, F, Max, Min, Q, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from incidents.choices import IncidentStatus, Recovery
from incidents.models import IncidentCategory
from incidents.services.incident_figures import Analysis, CategoryFigures, HotSpot, TimeBucket
from incidents.services.incident_scope import AnalysisScope
from incidents.services.incident_sets import (
    Incidents,
    centre_of,
    day_of_bucket,
    grid_column,
    grid_row,
    hour_of_place,
    weekday_of_place,
)
from incidents.services.incidents import visible_incidents
from tracker import access
from tracker.access import Actor

# Bucket → how many days it may be about; beyond the last, years.
BUCKETS = (("day", 62), ("week", 400), ("month", 3_700))
MOST_CELLS = 150


def analyse_incidents(*, actor: Actor, scope: AnalysisScope) -> Analysis:
    """Figures about the incidents that the actor may see and the scope is about.

    Days, weeks and months are those of the scope's zone. Hours and weekdays are those on the clocks of the place: of
    the incident's own time zone where it is known, else of its factory's, else of the scope's.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, incidents.list.
    """
    access.require(actor, "incidents", "list")
    incidents = scope.narrow(visible_incidents(actor)).order_by()
    analysis = _count_categories(incidents, scope)
    if not analysis.total:
        return analysis
    analysis.bucket, analysis.over_time = _count_over_time(incidents, analysis)
    hours = incidents.values_list(weekday_of_place(scope.zone), hour_of_place(scope.zone)).annotate(count=Count("pk"))
    for weekday, hour, count in hours:
        analysis.hours[weekday - 1][hour] = count
    analysis.spots = _find_spots(incidents, analysis.named)
    return analysis


def _count_categories(incidents: Incidents, scope: AnalysisScope) -> Analysis:
    by_status, firsts, lasts = dict.fromkeys(IncidentStatus.values, 0), [], []
    groups = incidents.values("category", "status", "recovery").annotate(
        count=Count("pk"),
        with_loss=Count("loss_estimate"),
        loss=Sum("loss_estimate"),
        first=Min("occurred_at"),
        last=Max("occurred_at"),
    )
    found = list(groups)
    # Read after them, so that none of theirs is missing.
    categories = list(IncidentCategory.objects.all())
    rows = {row.pk: CategoryFigures(row.key, row.name, row.pk) for row in categories}
    for group in found:
        _add(rows[group["category"]], group)
        by_status[group["status"]] += group["count"]
        firsts.append(group["first"])
        lasts.append(group["last"])
    shown = [rows[row.pk] for row in categories if rows[row.pk].count or row.archived_at is None]
    analysis = Analysis(scope, shown, by_status, total=sum(row.count for row in shown))
    if firsts:
        end = scope.end - timedelta(microseconds=1) if scope.end else max(lasts)
        analysis.first_day = (scope.start or min(firsts)).astimezone(scope.zone).date()
        analysis.last_day = end.astimezone(scope.zone).date()
    return analysis


def _add(row: CategoryFigures, group: Mapping[str, Any]) -> None:
    row.count += group["count"]
    row.missing += group["count"] if group["recovery"] == Recovery.MISSING else 0
    row.recovered += group["count"] if group["recovery"] == Recovery.RECOVERED else 0
    row.with_loss += group["with_loss"]
    row.loss += group["loss"] or 0


def _count_over_time(incidents: Incidents, analysis: Analysis) -> tuple[str, list[TimeBucket]]:
    first, last = analysis.first_day, analysis.last_day
    if first is None or last is None:
        return "day", []
    span = (last - first).days + 1
    bucket = next((name for name, most in BUCKETS if span <= most), "year")
    keys = {row.pk: row.key for row in analysis.categories}
    counts: dict[date, dict[str, int]] = {}
    groups = incidents.values_list(day_of_bucket(bucket, analysis.scope.zone), "category")
    for day, category, count in groups.annotate(count=Count("pk")):
        counts.setdefault(day, {})[keys.get(category, "")] = count
    buckets = []
    day = _begin(first, bucket)
    while day <= last:
        after = _next(day, bucket)
        end = min(after - timedelta(days=1), last)
        buckets.append(TimeBucket(max(day, first), end, counts.get(day, {})))
        day = after
    return bucket, buckets


def _begin(day: date, bucket: str) -> date:
    if bucket == "week":
        return day - timedelta(days=day.weekday())
    if bucket == "day":
        return day
    return day.replace(day=1) if bucket == "month" else day.replace(month=1, day=1)


def _next(day: date, bucket: str) -> date:
    if bucket in ("day", "week"):
        return day + timedelta(days=1 if bucket == "day" else 7)
    if bucket == "year" or day.month == 12:
        return date(day.year + 1, 1, 1)
    return date(day.year, day.month + 1, 1)


class _Mode(Aggregate):
    """The most frequent value."""

    function = "mode"
    template = "%(function)s() WITHIN GROUP (ORDER BY %(expressions)s)"


def _find_spots(incidents: Incidents, named: Sequence[CategoryFigures]) -> list[HotSpot]:
    """The fullest cells, the fullest first."""
    place = Coalesce(NullIf(F("nearest_place"), Value("")), NullIf(F("place"), Value("")), output_field=CharField())
    mixes: dict[str, Any] = {f"of_{row.pk}": Count("pk", filter=Q(category=row.pk)) for row in named}
    located = incidents.filter(latitude__isnull=False).annotate(_row=grid_row(), _column=grid_column())
    cells: Any = located.values("_row", "_column").annotate(count=Count("pk"), name=_Mode(place), **mixes)
    spots = []
    for cell in cells.order_by("-count", "_row", "_column")[:MOST_CELLS]:
        latitude, longitude = centre_of(cell["_row"], cell["_column"])
        counts = {row.key: cell[f"of_{row.pk}"] for row in named if cell[f"of_{row.pk}"]}
        spots.append(HotSpot(latitude, longitude, cell["count"], cell["name"] or "", counts))
    return spots
