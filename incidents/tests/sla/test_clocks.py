"""Clocks start, pause, stop and are judged as promised; each rule of precedence has its case here."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.sla.calendars import ALWAYS_OPEN, DAYS, Calendar, CalendarSpec, compile_calendar
from incidents.sla.clocks import ClockState, HistoryEvent, replay
from incidents.sla.history import find_lives, settle
from incidents.sla.judging import judge
from incidents.sla.policies import AppliesTo, Book, Rule, Step, Version
from incidents.sla.shortcuts import judge_fresh, judge_steady
from incidents.tests.sla.worlds import World, in_order, worlds

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday
STEPS = (Step(85, "alert", 1), Step(100, "breach", 2))
OFFICE = compile_calendar(CalendarSpec("office", "UTC", {day: [("09:00", "17:00")] for day in DAYS[:5]}))


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def rule(
    response: int | None,
    resolution: int | None,
    priority: str = "*",
    *,
    tier: str = "*",
    calendar: Calendar = ALWAYS_OPEN,
    pauses: bool = True,
) -> Rule:
    targets = [None if minutes is None else timedelta(minutes=minutes) for minutes in (response, resolution)]
    return Rule(tier, priority, targets[0], targets[1], calendar, pauses)


def version(
    *rules: Rule,
    number: int = 1,
    effective_at: datetime = datetime(1970, 1, 1, tzinfo=UTC),
    applies_to: AppliesTo = "new",
    steps: tuple[Step, ...] = STEPS,
) -> Version:
    return Version(number, number, effective_at, applies_to, rules, steps)


def said(minutes: float, category: str, priority: str = "high", tier: str = "gold") -> HistoryEvent:
    return HistoryEvent(at(minutes), category, priority, tier)


PLAIN = Book([version(rule(30, 100, "high"), rule(60, 200, "low"))])


def response(*events: HistoryEvent, book: Book = PLAIN) -> ClockState:
    return next(clock for clock in replay(NINE, events, book) if clock.kind == "response")


def resolutions(*events: HistoryEvent, book: Book = PLAIN, now: datetime | None = None) -> list[ClockState]:
    return [clock for clock in replay(NINE, events, book, now=now) if clock.kind == "resolution"]


def test_a_new_ticket_runs_both_clocks_from_its_creation() -> None:
    first, second = replay(NINE, [said(5, "new")], PLAIN)

    assert (first.kind, first.state, first.verdict, first.due_at) == ("response", "running", None, at(30))
    assert (second.kind, second.cycle, second.state, second.due_at) == ("resolution", 1, "running", at(100))
    assert second.crossings == (at(85), at(100))
    assert (second.started_at, second.stopped_at, second.elapsed, second.anchor_at) == (NINE, None, at(5) - NINE, at(5))
    assert second.elapsed_at(at(50)) == timedelta(minutes=50)


@pytest.mark.parametrize("category", ["active", "waiting", "resolved", "closed"])
def test_response_stops_at_the_first_status_that_is_not_new(category: str) -> None:
    clock = response(said(0, "new"), said(20, category), said(40, "new"), said(50, "active"))

    assert (clock.state, clock.verdict, clock.stopped_at) == ("stopped", "met", at(20))
    assert clock.due_at == at(30)
    assert clock.crossings == (None, None)


def test_a_late_answer_is_a_breach_with_the_time_of_the_deadline() -> None:
    clock = response(said(0, "new"), said(31, "active"))

    assert (clock.verdict, clock.due_at, clock.crossings) == ("breached", at(30), (at(25.5), at(30)))
    assert clock.elapsed == timedelta(minutes=31)


def test_a_stop_at_the_very_moment_of_the_deadline_is_in_time() -> None:
    clock = response(said(0, "new"), said(30, "active"))

    assert (clock.verdict, clock.crossings) == ("met", (at(25.5), None))


def test_a_pause_at_the_very_moment_of_the_deadline_is_too_late() -> None:
    (clock,) = resolutions(said(0, "active"), said(100, "waiting"))

    assert (clock.state, clock.due_at, clock.crossings) == ("paused", at(100), (at(85), at(100)))


def test_lowering_the_priority_at_the_very_moment_of_the_deadline_is_too_late() -> None:
    (clock,) = resolutions(said(0, "active"), said(100, "active", "low"))

    assert (clock.due_at, clock.target) == (at(100), timedelta(minutes=200))


def test_what_is_used_up_at_the_end_of_the_day_is_late_the_same_evening() -> None:
    book = Book([version(rule(None, 480, calendar=OFFICE))])
    (evening,) = resolutions(said(0, "active"), said(9 * 60, "resolved"), book=book)
    (sharp,) = resolutions(said(0, "active"), said(8 * 60, "resolved"), book=book)

    assert (evening.verdict, evening.due_at) == ("breached", at(480))
    assert sharp.verdict == "met"


def test_waiting_pauses_and_the_deadline_moves_on() -> None:
    (paused,) = resolutions(said(0, "active"), said(10, "waiting"))
    (again,) = resolutions(said(0, "active"), said(10, "waiting"), said(70, "active"))

    assert (paused.state, paused.due_at, paused.crossings) == ("paused", None, (None, None))
    assert (paused.elapsed, paused.elapsed_at(at(500))) == (timedelta(minutes=10), timedelta(minutes=10))
    assert (again.state, again.due_at, again.crossings) == ("running", at(160), (at(145), at(160)))


def test_a_rule_may_say_that_waiting_does_not_pause() -> None:
    book = Book([version(rule(30, 100, pauses=False))])
    (clock,) = resolutions(said(0, "active"), said(10, "waiting"), book=book)

    assert (clock.state, clock.due_at) == ("running", at(100))


def test_a_pause_after_the_breach_does_not_heal_it() -> None:
    (clock,) = resolutions(said(0, "active"), said(120, "waiting"), said(130, "active", "low"), said(140, "resolved"))

    assert (clock.verdict, clock.due_at, clock.crossings) == ("breached", at(100), (at(85), at(100)))


def test_reopening_opens_a_new_cycle_and_the_closed_one_keeps_its_verdict() -> None:
    done, again = resolutions(said(0, "active"), said(50, "resolved"), said(60, "closed"), said(500, "active"))

    assert (done.cycle, done.verdict, done.stopped_at) == (1, "met", at(50))
    assert (again.cycle, again.state, again.started_at, again.due_at) == (2, "running", at(500), at(600))


def test_a_cycle_may_begin_in_waiting() -> None:
    _, again = resolutions(said(0, "active"), said(50, "resolved"), said(60, "waiting"))

    assert (again.state, again.elapsed, again.due_at) == ("paused", timedelta(0), None)


def test_what_is_reopened_and_resolved_at_one_moment_was_never_reopened() -> None:
    assert len(resolutions(said(0, "active"), said(50, "resolved"), said(60, "active"), said(60, "resolved"))) == 1


def test_what_is_resolved_and_then_reopened_at_one_moment_begins_anew() -> None:
    done, again = resolutions(said(0, "active"), said(50, "resolved"), said(50, "active"))

    assert (done.stopped_at, again.started_at) == (at(50), at(50))


def test_a_ticket_that_arrives_resolved_has_kept_its_promises() -> None:
    clocks = replay(NINE, [said(0, "resolved")], PLAIN)

    assert [(clock.state, clock.verdict, clock.elapsed) for clock in clocks] == [("stopped", "met", timedelta(0))] * 2


def test_a_change_of_priority_carries_the_elapsed_time_over() -> None:
    (down,) = resolutions(said(0, "active"), said(60, "active", "low"))
    (up,) = resolutions(said(0, "active", "low"), said(60, "active", "high"))

    assert (down.due_at, down.target) == (at(200), timedelta(minutes=200))
    assert (up.due_at, up.target) == (at(100), timedelta(minutes=100))


def test_a_raised_priority_whose_target_is_used_up_is_due_at_the_change() -> None:
    (running,) = resolutions(said(0, "active", "low"), said(90, "active", "low"), said(150, "active", "high"))
    (paused,) = resolutions(said(0, "active", "low"), said(120, "waiting", "low"), said(150, "waiting", "high"))

    assert (running.due_at, running.crossings) == (at(150), (at(150), at(150)))
    assert (paused.state, paused.due_at) == ("paused", at(150))


def test_raised_and_stopped_at_one_moment_is_judged_by_the_old_target() -> None:
    (clock,) = resolutions(said(0, "active", "low"), said(150, "resolved", "high"))

    assert (clock.verdict, clock.target) == ("met", timedelta(minutes=200))


def test_events_dated_before_the_creation_count_from_the_creation_on() -> None:
    (clock,) = resolutions(said(-60, "new", "low"), said(-10, "active", "high"))

    assert (clock.started_at, clock.elapsed, clock.due_at) == (NINE, timedelta(0), at(100))


def test_a_ticket_without_a_matching_rule_has_no_clock() -> None:
    assert replay(NINE, [said(0, "new", "odd")], PLAIN) == []
    assert replay(NINE, [], PLAIN) == []
    assert replay(NINE, [said(0, "new")], Book([])) == []


def test_a_rule_may_promise_only_one_of_the_two() -> None:
    assert [c.kind for c in replay(NINE, [said(0, "new")], Book([version(rule(None, 60))]))] == ["resolution"]
    assert [c.kind for c in replay(NINE, [said(0, "new")], Book([version(rule(60, None))]))] == ["response"]


def test_a_promise_that_comes_later_counts_from_the_start() -> None:
    (clock,) = resolutions(said(0, "active", "odd"), said(30, "active", "high"))

    assert (clock.started_at, clock.elapsed, clock.due_at) == (NINE, timedelta(minutes=30), at(100))


def test_a_promise_that_falls_away_takes_its_clock_with_it_unless_something_was_crossed() -> None:
    assert resolutions(said(0, "active"), said(30, "active", "odd")) == []
    (clock,) = resolutions(said(0, "active"), said(90, "active", "odd"))
    (stopped,) = resolutions(said(0, "active"), said(90, "active", "odd"), said(500, "resolved", "odd"))

    assert (clock.state, clock.due_at, clock.crossings) == ("paused", None, (at(85), None))
    assert (stopped.state, stopped.verdict) == ("stopped", None)


def test_a_version_for_new_tickets_leaves_older_ones_alone() -> None:
    later = version(rule(1, 1), number=2, effective_at=at(10), applies_to="new")
    book = Book([*PLAIN.versions, later])

    assert resolutions(said(0, "active"), said(20, "active"), book=book)[0].version.number == 1
    assert replay(at(10), [said(11, "active")], book)[0].version.number == 2


def test_a_version_for_open_tickets_carries_the_elapsed_time_over() -> None:
    slower = rule(30, 300, "high", calendar=OFFICE)
    book = Book([*PLAIN.versions, version(slower, number=2, effective_at=at(60), applies_to="open")])
    (clock,) = resolutions(said(0, "active"), book=book)

    assert (clock.version.number, clock.due_at) == (2, at(300))


def test_a_version_that_is_not_effective_yet_can_be_left_out() -> None:
    book = Book([*PLAIN.versions, version(rule(30, 50), number=2, effective_at=at(60), applies_to="open")])

    assert resolutions(said(0, "active"), book=book, now=at(59))[0].due_at == at(100)
    assert resolutions(said(0, "active"), book=book, now=at(60))[0].due_at == at(60)


def test_rebasing_recomputes_live_clocks_from_their_start() -> None:
    longer = version(rule(30, 500, "high"), number=2, effective_at=at(120), applies_to="rebase")
    (clock,) = resolutions(said(0, "active"), book=Book([*PLAIN.versions, longer]))

    assert (clock.version.number, clock.due_at) == (2, at(500))
    assert clock.crossings == (at(425), at(500))


def test_closed_clocks_keep_the_verdict_and_version_they_were_judged_by() -> None:
    for mode in ("open", "rebase"):
        harsh = version(rule(1, 1), number=2, effective_at=at(50), applies_to=mode)  # type: ignore[arg-type]
        done, again = resolutions(
            said(0, "active"), said(50, "resolved"), said(60, "active"), book=Book([*PLAIN.versions, harsh])
        )
        assert (done.version.number, done.verdict) == (1, "met")
        assert (again.version.number, again.due_at) == (2, at(61))


def test_crossings_of_steps_that_a_new_version_drops_are_not_forgotten() -> None:
    other = (Step(50, "alert"), Step(100, "breach"), Step(200, "breach"))
    book = Book(
        [*PLAIN.versions, version(rule(30, 100), number=2, effective_at=at(90), applies_to="open", steps=other)]
    )
    (clock,) = resolutions(said(0, "active"), book=book)

    assert clock.crossings == (at(90), at(100), at(200))
    assert clock.retired == ((STEPS[0], at(85)),)


def test_before_the_first_version_nothing_is_promised() -> None:
    late = version(rule(30, 100), effective_at=at(10), applies_to="new")
    opening = version(rule(30, 100), effective_at=at(10), applies_to="open")

    assert replay(NINE, [said(20, "active")], Book([late])) == []
    assert resolutions(said(20, "active"), book=Book([opening]))[0].due_at == at(100)


def test_a_deadline_that_never_comes_is_unforeseeable() -> None:
    rare = compile_calendar(CalendarSpec("rare", "UTC", {"mon": [("09:00", "09:01")]}))
    (clock,) = resolutions(said(0, "active"), book=Book([version(rule(None, 60 * 60, calendar=rare))]))

    assert (clock.state, clock.due_at, clock.crossings) == ("running", None, (None, None))


@pytest.mark.parametrize("calendar", [ALWAYS_OPEN, OFFICE])
@pytest.mark.parametrize("year", [1970, 9999])
def test_the_edges_of_time_do_no_harm(year: int, calendar: Calendar) -> None:
    created_at = datetime(year, 12 if year == 9999 else 1, 31, tzinfo=UTC)
    events = [HistoryEvent(created_at, "new", "high", "gold")]
    clocks = replay(created_at, events, Book([version(rule(30, 60 * 24 * 400, calendar=calendar))]))

    assert len(clocks) == 2
    assert (clocks[1].due_at is None) == (year == 9999)


def test_times_of_any_zone_are_the_same_moments() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    events = [said(0, "new"), said(20, "active")]
    moved = [HistoryEvent(e.at.astimezone(berlin), e.category, e.priority, e.tier) for e in events]

    assert replay(NINE.astimezone(berlin), moved, PLAIN) == replay(NINE, events, PLAIN)
    assert replay(NINE.astimezone(berlin), moved[:1], PLAIN) == replay(NINE, events[:1], PLAIN)


@settings(max_examples=300)
@given(
    st.sampled_from(["new", "active", "waiting", "resolved"]),
    st.integers(-60, 400),
    st.sampled_from(["high", "low", "odd"]),
)
def test_the_short_way_for_fresh_tickets_says_what_the_long_way_says(
    category: str, minutes: int, priority: str
) -> None:
    event = said(minutes, category, priority)
    short = replay(NINE, [event], PLAIN)
    twice = replay(NINE, [event, event], PLAIN)

    assert short == twice


@settings(max_examples=200, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_any_order_and_any_number_of_copies_give_the_same_clocks(world: World, random) -> None:
    arrived = [*world.sent, *random.choices(world.sent, k=3)]
    random.shuffle(arrived)
    again = World(world.created_at, in_order(arrived), tuple(random.sample(world.versions, len(world.versions))))

    assert replay(again.created_at, again.events, again.book) == replay(world.created_at, world.events, world.book)


@settings(max_examples=200, deadline=None)
@given(worlds(), st.integers(1, 600), st.sampled_from(["new", "active", "waiting", "resolved", "closed"]))
def test_nothing_that_happens_afterwards_heals_what_was_crossed(world: World, more: int, category: str) -> None:
    # Only an announced re-base may judge the past anew.
    versions = tuple(v for v in world.versions if v.applies_to != "rebase")
    world = World(world.created_at, world.sent, versions)
    then = world.end + timedelta(minutes=more)
    last = world.events[-1]
    before = replay(world.created_at, world.events, world.book, now=then)
    after = replay(
        world.created_at, [*world.events, HistoryEvent(then, category, last.priority, last.tier)], world.book, now=then
    )

    found = {(clock.kind, clock.cycle): clock for clock in after}
    for clock in before:
        later = found[clock.kind, clock.cycle]
        assert _crossed(clock, then).items() <= _crossed(later, then).items()
        if clock.state == "stopped":
            assert later == clock


def _crossed(clock: ClockState, then: datetime) -> dict[float, datetime]:
    found = {step.percent: moment for step, moment in zip(clock.version.steps, clock.crossings, strict=True) if moment}
    return {percent: moment for percent, moment in found.items() if moment < then}


def test_the_short_way_is_taken() -> None:
    assert judge_fresh(NINE, said(0, "new"), PLAIN) is not None
    assert judge_fresh(NINE, said(0, "active"), PLAIN) is not None
    assert judge_fresh(NINE, said(0, "waiting"), PLAIN) is None


@given(worlds())
def test_the_short_way_for_a_steady_life_says_what_the_walk_says(world: World) -> None:
    # A policy without a later version is what makes a life steady.
    book = Book(world.book.versions[:1])
    moments = settle(world.created_at, world.events)

    for life in find_lives(moments):
        steady = judge_steady(life, moments, book)
        assert steady is None or steady == judge(life, moments, book, None)


def test_the_short_way_is_taken_until_something_pauses_or_changes_the_rule() -> None:
    def is_steady(*events: HistoryEvent) -> bool:
        moments = settle(NINE, events)
        return all(judge_steady(life, moments, PLAIN) for life in find_lives(moments))

    assert is_steady(said(0, "new"), said(5, "active"), said(9, "resolved"), said(12, "active"))
    assert not is_steady(said(0, "new"), said(5, "waiting"), said(9, "resolved"))


@pytest.mark.parametrize("calendar", [ALWAYS_OPEN, OFFICE])
def test_a_machine_whose_clock_was_set_back_never_shows_less_than_was_counted(calendar: Calendar) -> None:
    (clock,) = resolutions(
        said(0, "active"), said(60, "active"), book=Book([version(rule(None, 100, calendar=calendar))])
    )

    assert clock.elapsed_at(at(0)) == clock.elapsed == timedelta(minutes=60)
