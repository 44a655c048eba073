"""What factories made of what they were to make, by factory and over time."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from rest_framework import serializers

from reports.kinds.contract import Kind, Question, Result
from reports.kinds.periods import PeriodSerializer, read_period
from reports.kinds.production_pages import present_production
from reports.kinds.trends import list_counted
from tracker.exceptions import InvalidInput
from tracker.models import Factory
from tracker.row_ids import MAX_DIGITS, read_row_id
from tracker.services.factories import visible_factories
from tracker.services.production import visible_points

MOST_FACTORIES = 200
# Of next to no goal there is no share that says anything.
MOST_PERCENT = 1e9
NO_FACTORY = "There is no factory of this number."
# Sums of doubles depend on the order in which they are added up; these do not.
SUMS = """
SELECT p.factory_id, width_bucket(p.at, %s::timestamptz[]) AS n, count(*), sum(p.actual::numeric), sum(p.goal::numeric),
       count(*) FILTER (WHERE p.actual >= p.goal)
  FROM ({points}) p GROUP BY 1, 2
"""


class ProductionSerializer(PeriodSerializer):
    """The days to look at, and which factory."""

    factory = serializers.CharField(
        max_length=MAX_DIGITS, default="", allow_blank=True, help_text="Number of a factory; empty is all of them."
    )

    def get_fields(self) -> dict[str, Any]:
        """Factories belong to no project."""
        return {name: field for name, field in super().get_fields().items() if name != "project"}

    def validate_factory(self, number: str) -> str:
        """The number of a factory that there is."""
        number = number.strip()
        if number and not Factory.objects.filter(pk=read_row_id(number) or 0).exists():
            raise serializers.ValidationError(NO_FACTORY)
        return number


def compute_production(question: Question) -> Result:
    """Sums of goal and actual by factory, and by day, week or month."""
    period, factories = read_period(question), _find_factories(question)
    word, buckets = list_counted(period)
    rows = _add_up(question, [bucket.start for bucket in buckets], period.end, list(factories))
    shown = sorted({pk for pk, _ in rows}, key=lambda pk: (factories[pk], pk))
    told = []
    for pk in shown:
        over_time = [rows.get((pk, number)) for number in range(1, len(buckets) + 1)]
        whole = _sum(one for one in over_time if one is not None)
        parts = [None if one is None else _tell(one) for one in over_time]
        told.append({"id": pk, "name": factories[pk], **_tell(whole), "over_time": parts})
    return {
        **period.describe(),
        "bucket": word,
        "buckets": [bucket.describe() for bucket in buckets],
        "total": _tell(_sum(rows.values())),
        "factories": told,
    }


def _find_factories(question: Question) -> dict[int, str]:
    rows = visible_factories(question.actor).order_by("name", "pk")
    number = str(question.parameters.get("factory") or "")
    if number:
        rows = rows.filter(pk=read_row_id(number) or 0)
    found = dict(rows.values_list("pk", "name")[: MOST_FACTORIES + 1])
    if number and not found:
        raise InvalidInput.of_field("factory", NO_FACTORY)
    if len(found) > MOST_FACTORIES:
        raise InvalidInput.of_field("factory", f"There are more than {MOST_FACTORIES} factories; name one.")
    return found


class Sums(NamedTuple):
    """What points come to."""

    points: int = 0
    actual: Decimal = Decimal(0)
    goal: Decimal = Decimal(0)
    reached: int = 0


def _sum(parts: Iterable[Sums]) -> Sums:
    points, actual, goal, reached = Sums()
    for part in parts:
        points, actual = points + part.points, actual + part.actual
        goal, reached = goal + part.goal, reached + part.reached
    return Sums(points, actual, goal, reached)


def _add_up(question: Question, starts: list[datetime], end: datetime, ids: list[int]) -> dict[tuple[int, int], Sums]:
    """Points, actual, goal and points at the goal, by factory and bucket from 1."""
    if not starts:
        return {}
    points = visible_points(question.actor).order_by().filter(factory__in=ids, at__gte=starts[0], at__lt=end)
    try:
        sql, params = points.values("factory_id", "at", "actual", "goal").query.sql_with_params()
    except EmptyResultSet:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(SUMS.format(points=sql), [starts, *params])
        return {(pk, number): Sums(*sums) for pk, number, *sums in cursor.fetchall()}


def _tell(sums: Sums) -> dict[str, Any]:
    points, actual, goal, reached = sums
    return {
        "points": points,
        "actual": float(round(actual, 6)),
        "goal": float(round(goal, 6)),
        "percent": _tell_share(actual, goal),
        "reached_percent": round(100 * reached / points, 2) if points else None,
    }


def _tell_share(actual: Decimal, goal: Decimal) -> float | None:
    """In percent; None where there was no goal, or next to none."""
    share = 100 * actual / goal if goal > 0 else None
    return float(round(share, 2)) if share is not None and abs(share) <= MOST_PERCENT else None


FACTORY_PRODUCTION = Kind(
    key="factory_production",
    label="Factory production",
    description="What factories made of what they were to make, by factory and over time.",
    resources=("factories", "production"),
    parameters=ProductionSerializer,
    compute=compute_production,
    present=present_production,
)
