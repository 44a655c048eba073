"""P12: what judging one ticket costs, by the length of its history and the kind of its calendar; and a preview."""

import timeit
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from incidents.sla.calendars import DAYS, CalendarSpec, compile_calendar
from incidents.sla.clocks import HistoryEvent, replay
from incidents.sla.ledger import explain
from incidents.sla.policies import Book, Rule, Step, Version
from incidents.sla.working_time import ALWAYS_OPEN, Calendar
from incidents.testing.bench.policy_previewing import measure_preview
from tracker.testing.bench import Bench, Finding, at_most, workload

NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)
COURSE = ("new", "active", "waiting", "active", "resolved", "active", "waiting", "resolved")
OFFICE_HOURS = {day: [("09:00", "12:00"), ("13:00", "17:00")] for day in DAYS[:5]}
FRESH_MICROSECONDS = 6


@workload("P12", "replay of one ticket, within 100 µs + 20 µs an event; preview of a policy over 100,000 open ones")
def measure(bench: Bench) -> Iterator[Finding]:
    """Microseconds per ticket, the best of several runs, as a share of what is allowed."""
    for what, microseconds, allowed in measure_replay(bench.pick(300, 3_000)):
        yield at_most(what, microseconds / allowed, 1, measured=f"{microseconds:.1f} µs", allowed=f"{allowed} µs")
    yield from measure_preview(bench)


def measure_replay(repeats: int) -> Iterator[tuple[str, float, int]]:
    """(what, µs per ticket, µs allowed) for histories of 1 to 50 events and for one ledger."""
    office = compile_calendar(CalendarSpec("office", "Europe/Berlin", OFFICE_HOURS, "DE", "BE"))
    for name, calendar in (("round the clock", ALWAYS_OPEN), ("office hours", office)):
        book = _make_book(calendar)
        for length in (1, 2, 5, 20, 50):
            events = _make_history(length)
            seconds = min(timeit.repeat(lambda e=events, b=book: replay(NINE, e, b), number=repeats, repeat=5))  # type: ignore[misc]
            is_fresh = length == 1 and calendar is ALWAYS_OPEN
            allowed = FRESH_MICROSECONDS if is_fresh else 100 + 20 * length
            yield f"{length} events, {name}", seconds / repeats * 1e6, allowed
    events, book, now = _make_history(20), _make_book(office), NINE + timedelta(days=30)
    seconds = min(timeit.repeat(lambda: explain(NINE, events, book, "resolution", 1, now), number=100, repeat=5))
    yield "ledger of 20 events, office hours", seconds / 100 * 1e6, 1_000


def _make_book(calendar: Calendar) -> Book:
    rules = tuple(
        Rule("*", priority, timedelta(minutes=30 * factor), timedelta(minutes=180 * factor), calendar, True, factor)
        for factor, priority in enumerate(("high", "medium", "*"), 1)
    )
    steps = (Step(85, "alert", 1), Step(100, "breach", 2), Step(150, "breach", 3))
    return Book([Version(1, 1, datetime(1970, 1, 1, tzinfo=UTC), "new", rules, steps)])


def _make_history(length: int) -> list[HistoryEvent]:
    """A course of pauses and reopenings, its priority changing now and then, an event every 50 minutes."""
    return [
        HistoryEvent(NINE + timedelta(minutes=50 * n), COURSE[n % 8], ("high", "medium")[n // 5 % 2], "gold")
        for n in range(length)
    ]
