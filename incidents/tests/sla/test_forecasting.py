"""Forecasts are counts: of how many, between what bounds, and nothing where there are too few."""

import pytest

from incidents.sla.forecasting import STEPS, Chance, Curve, Forecaster, find_interval, find_step, sum_up


def curve(priority="", tier="", *, breached=10, met=30, kind="resolution"):
    """Half of the met ones stop in the first half of the target, the others in the last step."""
    half = met // 2
    still_open = tuple(breached + (met if step == 0 else half) for step in range(STEPS))
    return Curve(kind, priority, tier, breached, still_open, 30)


def test_the_likest_group_with_enough_cases_is_asked():
    forecaster = Forecaster([curve("high", "gold"), curve("high", breached=20), curve(breached=40, met=400)])
    assert forecaster.forecast("resolution", " High ", "GOLD", 0) == Chance(10, 40, "tier", 0, 30)
    assert forecaster.forecast("resolution", "high", "silver", 0) == Chance(20, 50, "priority", 0, 30)
    assert forecaster.forecast("resolution", "low", "gold", 0) == Chance(40, 440, "all", 0, 30)


def test_a_group_that_has_too_few_left_gives_way_to_the_wider_one():
    forecaster = Forecaster([curve("high", "gold", breached=2, met=30), curve("high", breached=10, met=40)])
    assert forecaster.forecast("resolution", "high", "gold", 0).likeness == "tier"
    assert forecaster.forecast("resolution", "high", "gold", 1) == Chance(10, 30, "priority", 1, 30)


def test_under_twenty_cases_nothing_is_said():
    few = Forecaster([curve(breached=3, met=16)]).forecast("resolution", "high", "gold", 30)
    assert (few.cases, few.probability, few.interval) == (11, None, None)
    none = Forecaster([]).forecast("response", "high", "gold", 0)
    assert (none.cases, none.probability) == (0, None)


@pytest.mark.parametrize(
    ("hits", "cases", "low", "high"),
    # The values of R's binom::binom.wilson.
    [(0, 20, 0.0, 0.1611), (10, 40, 0.1419, 0.4019), (50, 100, 0.4038, 0.5962), (20, 20, 0.8389, 1.0)],
)
def test_the_interval_is_wilsons(hits, cases, low, high):
    assert find_interval(hits, cases) == pytest.approx((low, high), abs=0.0001)


@pytest.mark.parametrize(
    ("seconds", "minutes", "step"), [(0, 60, 0), (71, 60, 0), (72, 60, 1), (3599, 60, 49), (9999, 60, 49), (-5, 60, 0)]
)
def test_how_much_is_used_is_rounded_down_to_two_percent(seconds, minutes, step):
    assert find_step(seconds, minutes) == step


def test_a_back_test_stands_in_tenths_beside_the_score_of_knowing_no_better():
    result = sum_up(
        [(Chance(10, 100, "all", 0), 90, 9), (Chance(80, 100, "all", 40), 10, 8), (Chance(1, 5, "all", 0), 7, 0)]
    )
    assert [(row.low, row.high, row.asked, row.breached) for row in result.trials] == [
        (0.1, 0.2, 90, 9),
        (0.8, 0.9, 10, 8),
    ]
    assert [row.observed for row in result.trials] == pytest.approx([0.1, 0.8])
    assert result.score == pytest.approx((81 * 0.01 + 9 * 0.81 + 8 * 0.04 + 2 * 0.64) / 100)
    assert result.plain_score == pytest.approx(0.17 * 0.83)
    assert result.unasked == 7
