"""A clock in short: state, times and numbers as they are at one moment."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from incidents.intake.ticket_rows import ClockRow
from incidents.models import Clock
from incidents.services.explanations import describe_clock
from incidents.sla.calendars import CalendarSpec, compile_calendar
from incidents.sla.policies import Book, Rule, Step, Version
from incidents.sla.working_time import ALWAYS_OPEN

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFICE = compile_calendar(CalendarSpec("office", hours={"mon": [["09:00", "10:00"]], "tue": [["09:00", "17:00"]]}))
RULES = (
    Rule("gold", "*", None, timedelta(minutes=100), OFFICE),
    Rule("*", "*", None, timedelta(minutes=100), ALWAYS_OPEN),
)
BOOK = Book([Version(7, 3, datetime(1970, 1, 1, tzinfo=UTC), "new", RULES, (Step(85, "alert"), Step(100, "breach")))])


def clock_row(**changes: Any) -> ClockRow:
    values: dict[str, Any] = {
        "ticket_id": 1, "kind": "resolution", "cycle": 1, "policy_id": 7, "target_minutes": 100, "state": "running",
        "verdict": None, "started_at": MONDAY, "stopped_at": None, "due_at": MONDAY + timedelta(minutes=100),
        "elapsed_seconds": 600.0, "anchor_at": MONDAY + timedelta(minutes=10),
        "crossings": (MONDAY + timedelta(minutes=85), MONDAY + timedelta(minutes=100)), "alerted_percent": 0.0,
        "escalation_level": 0, "next_check_at": None,
    }  # fmt: skip
    return ClockRow(**(values | changes))


def describe(clock: ClockRow | Clock, *, minutes: float, tier: str = "bronze") -> dict[str, Any]:
    return describe_clock(clock, book=BOOK, tier=tier, priority="high", now=MONDAY + timedelta(minutes=minutes))


def test_a_running_clock_counts_on_from_its_anchor():
    said = describe(clock_row(), minutes=43.21)
    assert said == {
        "state": "ok", "clock": "running", "verdict": None, "cycle": 1, "target_minutes": 100,
        "elapsed_minutes": 43.21, "remaining_minutes": 56.79, "percent_used": 43.21, "started_at": MONDAY,
        "stopped_at": None, "due_at": MONDAY + timedelta(minutes=100), "policy_version": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "state"), [(84.99, "ok"), (85, "alert"), (99.99, "alert"), (100, "breach"), (5000, "breach")]
)
def test_the_state_changes_at_the_moment_of_the_crossing(minutes, state):
    assert describe(clock_row(), minutes=minutes)["state"] == state


def test_minutes_remaining_turn_negative_past_the_target():
    assert describe(clock_row(), minutes=130.5)["remaining_minutes"] == -30.5


def test_outside_working_hours_nothing_is_used_up():
    assert describe(clock_row(), minutes=600, tier="gold")["elapsed_minutes"] == 60


def test_a_sender_whose_clock_is_ahead_of_ours_makes_no_negative_time():
    assert describe(clock_row(), minutes=-5)["elapsed_minutes"] == 10


def test_a_paused_clock_stands_still_and_keeps_its_breach():
    paused = clock_row(state="paused", due_at=None)
    assert describe(paused, minutes=50)["elapsed_minutes"] == 10
    breached = paused._replace(crossings=(MONDAY, MONDAY))
    assert describe(breached, minutes=50)["state"] == "breach"


@pytest.mark.parametrize(("verdict", "state"), [("met", "ok"), ("breached", "breach"), (None, "ok")])
def test_a_stopped_clock_is_what_its_verdict_says(verdict, state):
    stopped = clock_row(state="stopped", verdict=verdict, stopped_at=MONDAY + timedelta(minutes=90))
    said = describe(stopped, minutes=9000)
    assert (said["state"], said["elapsed_minutes"], said["verdict"]) == (state, 10, verdict)


def test_a_stored_clock_and_a_row_of_a_batch_are_described_alike():
    row = clock_row()
    assert describe(Clock(**row._asdict()), minutes=33) == describe(row, minutes=33)
