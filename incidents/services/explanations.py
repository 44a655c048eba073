"""What is said about clocks: where each stands now, in short."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from incidents.sla.policies import Book, Version
from incidents.sla.working_time import ALWAYS_OPEN


class StoredClock(Protocol):
    """A clock as stored: the model's instance or the row that a batch has just written."""

    @property
    def policy_id(self) -> int: ...
    @property
    def cycle(self) -> int: ...
    @property
    def target_minutes(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def verdict(self) -> str | None: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def stopped_at(self) -> datetime | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def elapsed_seconds(self) -> float: ...
    @property
    def anchor_at(self) -> datetime: ...
    @property
    def crossings(self) -> Sequence[datetime | None]: ...


def describe_clock(clock: StoredClock, *, book: Book, tier: str, priority: str, now: datetime) -> dict[str, Any]:
    """Where one clock stands at `now`, as lists, answers to senders and pages show it.

    Args:
        clock: a clock that is not void.
        book: all versions, `current_book()`.
        tier, priority: the ticket's present ones; a running clock counts by the rule for them.
        now: the moment asked for, aware, in UTC.

    Returns:
        `state` is ok, alert or breach; `clock` running, paused or stopped. Minutes are numbers rounded to 2 decimals;
        `remaining_minutes` turns negative past the target. Moments are aware datetimes in UTC or None.
    """
    version = book.find(clock.policy_id)
    elapsed = clock.elapsed_seconds
    anchor_at = clock.anchor_at
    if clock.state == "running" and anchor_at < now:
        rule = version.match(tier, priority)
        if rule is None or rule.calendar is ALWAYS_OPEN:
            elapsed += (now - anchor_at).total_seconds()
        else:
            elapsed += rule.calendar.elapsed(anchor_at, now).total_seconds()
    target = clock.target_minutes
    return {
        "state": _find_state(clock, version, now),
        "clock": clock.state,
        "verdict": clock.verdict,
        "cycle": clock.cycle,
        "target_minutes": target,
        "elapsed_minutes": round(elapsed / 60, 2),
        "remaining_minutes": round(target - elapsed / 60, 2),
        "percent_used": round(elapsed / 0.6 / target, 2),
        "started_at": clock.started_at,
        "stopped_at": clock.stopped_at,
        "due_at": clock.due_at,
        "policy_version": version.number,
    }


def _find_state(clock: StoredClock, version: Version, now: datetime) -> str:
    """A stopped clock is what its verdict says; a live one is in the gravest state of the steps it has crossed."""
    if clock.state == "stopped":
        return "breach" if clock.verdict == "breached" else "ok"
    found = "ok"
    for step, crossing in zip(version.steps, clock.crossings, strict=True):
        if crossing is not None and crossing <= now:
            if step.state == "breach":
                return "breach"
            found = "alert"
    return found
