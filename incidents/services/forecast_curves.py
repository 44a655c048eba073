"""What became of promises, counted in groups of like ones, and how good forecasts from such counts were."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from incidents.models import ForecastCurve
from incidents.services.forecast_statements import READ_CASES, READ_TRIALS
from incidents.sla.forecasting import MIN_CASES, STEPS, BackTest, Curve, Forecaster, spell, sum_up
from tracker import clock

LEARN_FROM = timedelta(days=180)
LEARN_EVERY = timedelta(hours=1)
# Priorities and tiers are senders' words: nobody may fill the table by inventing some.
MOST_CURVES = 2_000
FORECAST_LOCK = 7_201_008


def count_cases(*, until: datetime, since: datetime | None = None) -> list[Curve]:
    """What became of the promises that were decided before `until`, in groups of at least 20 like ones."""
    parameters: dict[str, Any] = {
        "since": since or until - LEARN_FROM, "until": until, "steps": STEPS, "fewest": MIN_CASES, "most": MOST_CURVES
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(READ_CASES, parameters)
        return [
            Curve(kind, priority, tier, breached, _add_up(breached, steps, met))
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
                still_open=list(curve.still_open), learned_at=now,
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
    rows = curves.values_list("kind", "priority", "tier", "breached", "still_open")
    return Forecaster(Curve(*row[:4], tuple(row[4])) for row in rows)  # type: ignore[arg-type]


def back_test(*, learned_at: datetime, until: datetime | None = None) -> BackTest:
    """How forecasts by what was known at `learned_at` would have done with what came after it."""
    forecaster = Forecaster(count_cases(until=learned_at))
    with connection.cursor() as cursor:
        cursor.execute(READ_TRIALS, {"learned_at": learned_at, "until": until or clock.now(), "steps": STEPS})
        rows = cursor.fetchall()
    return sum_up(
        (forecaster.forecast(kind, priority, tier, step), count, breached)
        for kind, priority, tier, step, count, breached in rows
    )
