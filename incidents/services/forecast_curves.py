"""What became of promises, counted in groups of like ones, and how good forecasts from such counts were."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from incidents.models import ForecastCurve
from incidents.services.forecast_statements import COUNT_DECIDED, READ_CASES, READ_TRIALS
from incidents.sla.forecasting import MIN_CASES, STEPS, BackTest, Chance, Curve, Forecaster, spell, sum_up
from tracker import clock

# From the last month where that holds enough to learn from, since desks change; else from further back.
WINDOWS, LONGEST, ENOUGH = (30, 90), 180, 1_000
LEARN_EVERY = timedelta(hours=1)
WEEK = timedelta(days=7)
# Priorities and tiers are senders' words: nobody may fill the table by inventing some.
MOST_CURVES = 2_000
FORECAST_LOCK = 7_201_008


def count_cases(*, until: datetime) -> list[Curve]:
    """What became of the promises that were decided lately before `until`, in groups of at least 20 like ones."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_DECIDED, {"until": until})
        counts = cursor.fetchone() or ()
        days = next((days for days, count in zip(WINDOWS, counts, strict=True) if count >= ENOUGH), LONGEST)
        parameters: dict[str, Any] = {"since": until - timedelta(days=days), "until": until}
        cursor.execute(READ_CASES, {**parameters, "steps": STEPS, "fewest": MIN_CASES, "most": MOST_CURVES})
        return [
            Curve(kind, priority, tier, breached, _add_up(breached, steps, met), days)
            for kind, priority, tier, breached, steps, met in cursor.fetchall()
        ]


def _add_up(breached: int, steps: Sequence[int], met: Sequence[int]) -> tuple[int, ...]:
    """How many were open at each step: all that were breached, and of the others those that stopped at it or later."""
    left = [0] * STEPS
    for step, count in zip(steps, met, strict=True):
        left[step] += count
    still_open = breached
    curve = []
    for count in reversed(left):
        still_open += count
        curve.append(still_open)
    return tuple(reversed(curve))


@transaction.atomic
def learn_curves() -> int:
    """Counts anew what became of like promises; answers in how many groups. Of two at once one does it."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FORECAST_LOCK])
        if not cursor.fetchone()[0]:
            return 0
    curves = count_cases(until=now)
    ForecastCurve.objects.all().delete()
    ForecastCurve.objects.bulk_create(
        [
            ForecastCurve(
                kind=curve.kind, priority=curve.priority, tier=curve.tier, breached=curve.breached,
                still_open=list(curve.still_open), days=curve.days, learned_at=now,
            )
            for curve in curves
        ]
    )  # fmt: skip
    return len(curves)


def learn_if_due() -> None:
    """Learns where that was an hour ago or longer, or nothing is known yet."""
    latest = ForecastCurve.objects.order_by("-learned_at").values_list("learned_at", flat=True).first()
    if latest is None or clock.now() - latest >= LEARN_EVERY:
        learn_curves()


def read_forecaster(*, priority: str = "", tier: str = "") -> Forecaster:
    """The curves as they were learned last: all of them, or those that matter to tickets of one priority and tier."""
    curves = ForecastCurve.objects.all()
    if priority:
        curves = curves.filter(Q(priority="") | Q(priority=spell(priority), tier__in=["", spell(tier)]))
    rows = curves.values_list("kind", "priority", "tier", "breached", "still_open", "days")
    return Forecaster(Curve(*row[:4], tuple(row[4]), row[5]) for row in rows)  # type: ignore[arg-type]


def back_test(*, first: datetime, last: datetime) -> BackTest:
    """How forecasts would have done from one moment to another: each week by what was known at its beginning.

    Asked is of the promises that began in that week and are decided by now.
    """
    return sum_up(answer for week in _weeks(first, last) for answer in _ask_again(*week))


def _weeks(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    while first < last:
        yield first, min(first + WEEK, last)
        first += WEEK


def _ask_again(learned_at: datetime, before: datetime) -> Iterator[tuple[Chance, int, int]]:
    forecaster = Forecaster(count_cases(until=learned_at))
    parameters: dict[str, Any] = {"learned_at": learned_at, "before": before, "now": clock.now(), "steps": STEPS}
    with connection.cursor() as cursor:
        cursor.execute(READ_TRIALS, parameters)
        rows = cursor.fetchall()
    for kind, priority, tier, step, count, breached in rows:
        yield forecaster.forecast(kind, priority, tier, step), count, breached
