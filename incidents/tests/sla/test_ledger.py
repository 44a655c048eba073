"""Every deadline can be read as a ledger that adds up to it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.sla.calendars import ALWAYS_OPEN, DAYS, CalendarSpec, compile_calendar
from incidents.sla.clocks import HistoryEvent, replay
from incidents.sla.ledger import Ledger, explain
from incidents.sla.policies import Book, Rule, Step, Version
from incidents.tests.sla.worlds import World, worlds

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
OFFICE = compile_calendar(CalendarSpec("office", "UTC", {day: [("09:00", "17:00")] for day in DAYS[:5]}))
HIGH = Rule("*", "high", timedelta(minutes=30), timedelta(hours=6), OFFICE)
LOW = Rule("*", "*", timedelta(hours=1), timedelta(hours=10), OFFICE)
STEPS = (Step(85, "alert"), Step(100, "breach"))
BOOK = Book([Version(1, 1, datetime(1970, 1, 1, tzinfo=UTC), "new", (HIGH, LOW), STEPS)])


def said(hours: float, category: str, priority: str = "high", source: str = "") -> HistoryEvent:
    return HistoryEvent(NINE + timedelta(hours=hours), category, priority, "gold", source or category)


def told(ledger: Ledger) -> list[tuple[str, float, float, float]]:
    """what, from and to in hours after nine, running total in hours."""
    hour = timedelta(hours=1)
    return [(row.what, (row.start - NINE) / hour, (row.end - NINE) / hour, row.total / hour) for row in ledger.rows]


def test_a_ledger_tells_every_stretch_up_to_the_stop() -> None:
    events = [
        said(0, "new"),
        said(1, "active"),
        said(2, "waiting", source="Ann asked the customer"),
        said(3, "active"),
        said(4, "active", "low"),
        said(28, "resolved", source="Bob"),
    ]
    ledger = explain(NINE, events, BOOK, "resolution", 1, NINE + timedelta(days=9))

    assert told(ledger) == [
        ("started", 0, 0, 0),
        ("ran", 0, 2, 2),
        ("paused", 2, 3, 2),
        ("ran", 3, 4, 3),
        ("retargeted", 4, 4, 3),
        ("ran", 4, 8, 7),
        ("out_of_hours", 8, 24, 7),
        ("ran", 24, 27, 10),
        ("due", 27, 27, 10),
        ("ran", 27, 28, 11),
        ("stopped", 28, 28, 11),
    ]
    assert ledger.rows[2].source == "Ann asked the customer"
    assert ledger.rows[-1].source == "Bob"
    assert ledger.rows[4].why == "priority low, tier gold"
    assert {row.version for row in ledger.rows} == {1}
    assert [row.target for row in ledger.rows[3:5]] == [timedelta(hours=6), timedelta(hours=10)]
    assert ledger.clock.verdict == "breached"


def test_an_open_clock_is_foreseen_up_to_its_deadline() -> None:
    ledger = explain(NINE, [said(0, "active")], BOOK, "resolution", 1, NINE + timedelta(hours=2))

    assert told(ledger) == [("started", 0, 0, 0), ("ran", 0, 2, 2), ("ran", 2, 6, 6), ("due", 6, 6, 6)]
    assert [row.is_projected for row in ledger.rows] == [False, False, True, True]


def test_a_paused_clock_is_told_up_to_now() -> None:
    ledger = explain(NINE, [said(0, "active"), said(1, "waiting")], BOOK, "resolution", 1, NINE + timedelta(hours=9))

    assert told(ledger) == [("started", 0, 0, 0), ("ran", 0, 1, 1), ("paused", 1, 9, 1)]


def test_a_late_clock_is_told_beyond_its_deadline_up_to_now() -> None:
    ledger = explain(NINE, [said(0, "new")], BOOK, "response", 1, NINE + timedelta(hours=1))

    assert told(ledger) == [("started", 0, 0, 0), ("ran", 0, 0.5, 0.5), ("due", 0.5, 0.5, 0.5), ("ran", 0.5, 1, 1)]


def test_a_deadline_forced_by_a_change_stands_after_the_change() -> None:
    events = [said(0, "active", "low"), said(7, "active", "high")]
    ledger = explain(NINE, events, BOOK, "resolution", 1, NINE + timedelta(hours=8))

    assert [row[0] for row in told(ledger)] == ["started", "ran", "retargeted", "due", "ran"]
    assert ledger.rows[3].total == timedelta(hours=7)
    assert "when it changed" in ledger.rows[3].why


def test_a_deadline_forced_at_night_stands_after_the_change() -> None:
    events = [said(0, "active", "low"), said(10, "active", "high")]
    ledger = explain(NINE, events, BOOK, "resolution", 1, NINE + timedelta(hours=11))

    assert [row[0] for row in told(ledger)] == ["started", "ran", "out_of_hours", "retargeted", "due", "out_of_hours"]


@pytest.mark.parametrize(("mode", "word"), [("open", "carried over"), ("rebase", "counted anew")])
def test_a_new_policy_version_has_its_row(mode: str, word: str) -> None:
    rule = Rule("*", "*", None, timedelta(hours=5), ALWAYS_OPEN)
    version = Version(2, 2, NINE + timedelta(hours=3), mode, (rule,), STEPS)  # type: ignore[arg-type]
    book = Book([*BOOK.versions, version])
    ledger = explain(NINE, [said(0, "active")], book, "resolution", 1, NINE + timedelta(hours=4))

    assert [(what, start) for what, start, _, _ in told(ledger)] == [
        ("started", 0), ("ran", 0), ("policy_changed", 3), ("ran", 3), ("ran", 4), ("due", 5)
    ]  # fmt: skip
    assert word in ledger.rows[2].why
    assert ledger.rows[2].version == 2


def test_a_later_cycle_says_that_it_was_reopened_and_by_what() -> None:
    events = [said(0, "active"), said(1, "resolved"), said(2, "active", source="customer wrote again")]
    first = explain(NINE, events, BOOK, "resolution", 2, NINE + timedelta(hours=3)).rows[0]

    assert (first.what, first.why, first.source) == ("started", "reopened", "customer wrote again")


def test_a_ticket_that_arrives_resolved_has_a_short_ledger() -> None:
    ledger = explain(NINE, [said(0, "resolved")], BOOK, "resolution", 1, NINE)

    assert [row.what for row in ledger.rows] == ["started", "stopped"]


def test_a_clock_that_is_not_there_cannot_be_explained() -> None:
    with pytest.raises(LookupError, match="cycle 2"):
        explain(NINE, [said(0, "active")], BOOK, "resolution", 2, NINE)
    with pytest.raises(LookupError):
        explain(NINE, [], BOOK, "response", 1, NINE)


@settings(max_examples=400, deadline=None)
@given(worlds(), st.integers(-600, 2000))
def test_the_rows_add_up_to_the_deadline(world: World, more: int) -> None:
    now = world.end + timedelta(minutes=more)
    for clock in replay(world.created_at, world.events, world.book, now=now):
        ledger = explain(world.created_at, world.events, world.book, clock.kind, clock.cycle, now)
        assert ledger.clock == clock
        _adds_up(ledger, now)


def _adds_up(ledger: Ledger, now: datetime) -> None:
    clock, rows = ledger.clock, ledger.rows
    ran = [row for row in rows if row.what == "ran"]
    assert rows[0].what == "started"
    assert all(before.end == after.start for before, after in pairwise(rows)), "no gap, no overlap"
    total = timedelta()
    for row in rows:
        total += row.duration if row.what == "ran" else timedelta()
        assert row.total == total
        assert row.duration == row.end - row.start >= timedelta()
        assert row.is_projected == (row.start >= now if row.end > row.start else row.start > now)
    assert sum((row.duration for row in ran if row.end <= clock.anchor_at), timedelta()) <= clock.elapsed
    due = [row for row in rows if row.what == "due"]
    if clock.due_at is None or clock.verdict == "met":
        assert due == []
    else:
        assert [row.start for row in due] == [clock.due_at]
        used = sum((row.duration for row in ran if row.start < clock.due_at), timedelta())
        target = due[0].target
        assert target is not None
        assert used == due[0].total
        assert used == target or (used > target and "changed" in due[0].why)
    if clock.stopped_at is not None:
        assert (rows[-1].what, rows[-1].start, rows[-1].total) == ("stopped", clock.stopped_at, clock.elapsed)
