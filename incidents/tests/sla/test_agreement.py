"""Two engines that share no code, one by tables and one minute by minute, say the same of every ticket."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.sla.clocks import ClockState, replay
from incidents.tests.sla.oracle import OracleClock, live_through
from incidents.tests.sla.worlds import World, worlds


@settings(max_examples=300, deadline=None)
@given(worlds(), st.integers(0, 900))
def test_the_engine_agrees_with_living_through_every_minute(world: World, more: int) -> None:
    until = world.end + timedelta(minutes=more)

    clocks = replay(world.created_at, world.events, world.book, now=until)
    lived = live_through(world.created_at, world.told, list(world.versions), until)

    assert [(clock.kind, clock.cycle) for clock in clocks] == [(clock.kind, clock.cycle) for clock in lived]
    for clock, other in zip(clocks, lived, strict=True):
        _agree(clock, other, until)


def _agree(clock: ClockState, other: OracleClock, until) -> None:
    assert (clock.started_at, clock.stopped_at) == (other.start, other.stop)
    assert clock.version.number == other.version
    assert clock.target == timedelta(minutes=other.target or 0)
    if other.stop or other.is_promised:  # else it says what was used up when the promise fell away
        assert clock.elapsed_at(other.stop or until) == timedelta(minutes=other.elapsed)
    crossed = {step.percent: at for step, at in zip(clock.version.steps, clock.crossings, strict=True) if at}
    crossed |= {step.percent: at for step, at in clock.retired}
    assert {percent: at for percent, at in crossed.items() if at <= until} == other.crossed
    if other.stop is None:
        paused = other.is_paused or not other.is_promised
        assert (clock.state, clock.verdict) == ("paused" if paused else "running", None)
        assert clock.due_at == other.due if other.due or paused else clock.due_at is None or clock.due_at > until
    else:
        verdict = "breached" if other.due else "met" if other.is_promised else None
        assert (clock.state, clock.verdict) == ("stopped", verdict)
        assert clock.due_at == other.due or (not other.due and (not clock.due_at or clock.due_at >= other.stop))
