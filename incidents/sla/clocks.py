"""Clocks: what a ticket's history and the policy make of its deadlines. Derived anew each time, never counted up."""

from collections.abc import Sequence
from datetime import UTC, datetime

from incidents.sla.history import HistoryEvent, Moment, find_lives, settle
from incidents.sla.judging import ClockState, State, Verdict, judge
from incidents.sla.policies import RESOLUTION, RESPONSE, Book
from incidents.sla.working_time import ALWAYS_OPEN

__all__ = ["ClockState", "HistoryEvent", "Moment", "State", "Verdict", "replay"]


def replay(
    created_at: datetime, events: Sequence[HistoryEvent], book: Book, *, now: datetime | None = None
) -> list[ClockState]:
    """The clocks of one ticket: its response, then its resolution cycles; none for what is not promised.

    Args:
        created_at: when the ticket began, aware.
        events: its whole history in the total order (time, sequence, category, fingerprint).
        book: the policy's versions.
        now: leaves versions out that take effect later; None applies all. Nothing else depends on it.
    """
    if not events:
        return []
    if created_at.tzinfo is not UTC:
        created_at = created_at.astimezone(UTC)
    if len(events) == 1 and (fresh := _judge_fresh(created_at, events[0], book)):
        return fresh
    moments = settle(created_at, events)
    clocks = (judge(life, moments, book, now) for life in find_lives(moments))
    return [clock for clock in clocks if clock is not None]


def _judge_fresh(created_at: datetime, event: HistoryEvent, book: Book) -> list[ClockState] | None:
    """`replay` for what ingest meets most: one event, open, promised both ways round the clock, no later version.

    None where anything is different. The long way gives the same, at several times the cost.
    """
    at, category = event.at, event.category
    version = book.lone_version(created_at)
    if version is None or at.tzinfo is not UTC or (category != "new" and category != "active"):
        return None
    rule = version.match(event.tier, event.priority)
    if rule is None or rule.calendar is not ALWAYS_OPEN or rule.response is None or rule.resolution is None:
        return None
    if at < created_at:
        at = created_at
    elapsed = at - created_at
    try:
        answer_due, due = created_at + rule.response, created_at + rule.resolution
        answers: list[datetime | None] = [created_at + offset for _, offset in version.offsets(rule.response)]
        crossings = tuple([created_at + offset for _, offset in version.offsets(rule.resolution)])
    except OverflowError:
        return None
    state: State = "running"
    verdict: Verdict | None = None
    answered_at = None
    if category != "new":
        state, verdict, answered_at = "stopped", "breached" if answer_due < at else "met", at
        answers = [moment if moment is not None and moment < at else None for moment in answers]
    # Positional: keywords alone would cost a tenth of the whole.
    return [
        ClockState(
            RESPONSE, 1, version, rule, rule.response, state, verdict,
            created_at, answered_at, answer_due, elapsed, at, tuple(answers),
        ),
        ClockState(
            RESOLUTION, 1, version, rule, rule.resolution, "running", None,
            created_at, None, due, elapsed, at, crossings,
        ),
    ]  # fmt: skip
