"""Clocks: what a ticket's history and the policy make of its deadlines. Derived anew each time, never counted up."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from incidents.sla.history import HistoryEvent, Life, Moment, find_lives, settle
from incidents.sla.judging import ClockState, State, Verdict, judge
from incidents.sla.policies import Book
from incidents.sla.shortcuts import judge_fresh, judge_steady

__all__ = ["ClockState", "HistoryEvent", "Moment", "State", "Verdict", "judge_lives", "replay"]


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
    if len(events) == 1 and (fresh := judge_fresh(created_at, events[0], book)):
        return fresh
    moments = settle(created_at, events)
    return judge_lives(find_lives(moments), moments, book, now)


def judge_lives(lives: Iterable[Life], moments: Sequence[Moment], book: Book, now: datetime | None) -> list[ClockState]:
    """The clocks of some lives of one ticket; for judging the same lives under several books."""
    clocks = (judge_steady(life, moments, book) or judge(life, moments, book, now) for life in lives)
    return [clock for clock in clocks if clock is not None]
