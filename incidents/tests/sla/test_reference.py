"""The auditor's reference and the engine share no code, and say the same of every ticket."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.reference.clocks import Edition, LivedClock, Promise, Told, live_through
from incidents.reference.working_days import WorkingDays
from incidents.sla.clocks import ClockState, replay
from incidents.tests.sla.oracle import OracleCalendar, OracleVersion
from incidents.tests.sla.worlds import World, worlds


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(0, 900))
def test_the_reference_agrees_with_the_engine_also_on_what_is_to_come(world: World, more: int) -> None:
    until = world.end + timedelta(minutes=more)
    events = [Told(event.at, event.category, event.priority, event.tier) for event in world.told]

    lived = live_through(world.created_at, events, [_edition(version) for version in world.versions], until)
    clocks = replay(world.created_at, world.events, world.book, now=until)

    assert [(clock.kind, clock.cycle) for clock in clocks] == [(clock.kind, clock.cycle) for clock in lived]
    for clock, other in zip(clocks, lived, strict=True):
        _agree(clock, other)


def _agree(clock: ClockState, other: LivedClock) -> None:
    assert (clock.started_at, clock.stopped_at) == (other.started_at, other.stopped_at)
    assert (clock.version.number, clock.target) == (other.version, timedelta(minutes=other.target))
    assert (clock.state, clock.verdict, clock.due_at) == (other.state, other.verdict, other.due_at)
    assert (clock.elapsed, clock.anchor_at) == (other.elapsed, other.anchor_at)
    crossed = {Fraction(step.percent): at for step, at in zip(clock.version.steps, clock.crossings, strict=True) if at}
    assert crossed | {Fraction(step.percent): at for step, at in clock.retired} == other.crossed


@pytest.mark.parametrize(
    ("zone", "start", "hours", "worked"),
    [
        ("Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), (0, 24), 23),
        ("Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), (0, 24), 25),
        # On the wall two to half past comes twice.
        ("Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), (1, 2.5), 2),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 13, tzinfo=UTC), (0, 24), 24.5),
    ],
)
def test_a_day_on_which_the_clocks_change_has_the_hours_that_the_wall_shows(zone, start, hours, worked):
    seconds = tuple(int(hour * 3600) for hour in hours)
    only_then = ((), (), (), (), (), (), (seconds,))
    assert WorkingDays(zone, only_then).count(start, start + timedelta(days=2)) == timedelta(hours=worked)


def test_a_promise_that_no_calendar_ever_keeps_has_no_deadline():
    never = WorkingDays("UTC", (((0, 60),), (), (), (), (), (), ()))
    assert never.reach(datetime(2026, 1, 1, tzinfo=UTC), timedelta(days=30)) is None


def _edition(told: OracleVersion) -> Edition:
    promises = tuple(
        Promise(rule.tier, rule.priority, rule.response, rule.resolution, _calendar(rule.calendar), rule.pauses)
        for rule in told.rules
    )
    percents = tuple(Fraction(percent) for percent in told.percents)
    return Edition(told.number, told.effective_at, told.applies_to, promises, percents)


def _calendar(told: OracleCalendar) -> WorkingDays:
    hours = told.hours and tuple(tuple((a * 60, b * 60) for a, b in day) for day in told.hours)
    return WorkingDays(told.zone, hours, extra=told.holidays)
