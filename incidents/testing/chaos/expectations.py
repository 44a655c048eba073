"""A second opinion on which alerts are due: a few lines that share nothing with the engine.

It knows only what these tests need: the shipped targets round the clock, two steps, and tickets that go from new over
in progress to resolved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

# Minutes to respond and to resolve, as the contract with the customers lists them.
PROMISED = {
    ("gold", "critical"): (15, 90), ("gold", "high"): (30, 180),
    ("gold", "medium"): (60, 240), ("gold", "low"): (120, 360),
    ("silver", "critical"): (30, 180), ("silver", "high"): (60, 360),
    ("silver", "medium"): (120, 480), ("silver", "low"): (240, 720),
    ("bronze", "critical"): (60, 360), ("bronze", "high"): (120, 720),
    ("bronze", "medium"): (240, 960), ("bronze", "low"): (480, 1440),
}  # fmt: skip
STEPS = (("alert", 85, 1), ("breach", 100, 2))
# The whole run must fit between what is crossed already and what will be crossed next.
QUIET = timedelta(minutes=30)

Fact = tuple[str, str, int, str]
"""(ticket, response or resolution, level, channel)"""


@dataclass(frozen=True, slots=True)
class PlannedTicket:
    """A ticket of known fate; the moments are None where it has not come so far."""

    id: str
    tier: str
    priority: str
    created_at: datetime
    responded_at: datetime | None = None
    resolved_at: datetime | None = None

    def events(self) -> list[dict[str, Any]]:
        """What its sender would post, oldest first."""
        moments = (("new", self.created_at), ("in_progress", self.responded_at), ("resolved", self.resolved_at))
        common = {"id": self.id, "priority": self.priority, "customer_tier": self.tier}
        return [
            {**common, "status": status, "created_at": self.created_at.isoformat(), "updated_at": at.isoformat()}
            for status, at in moments
            if at is not None
        ]

    def crossings(self) -> list[tuple[str, str, int, datetime]]:
        """(kind, state, level, moment) of every threshold it meets, in the past or to come."""
        ends = {"response": self.responded_at or self.resolved_at, "resolution": self.resolved_at}
        found = []
        for kind, minutes in zip(ends, PROMISED[self.tier, self.priority], strict=True):
            for state, percent, level in STEPS:
                at = self.created_at + timedelta(minutes=minutes * percent / 100)
                end = ends[kind]
                if end is None or at < end:
                    found.append((kind, state, level, at))
        return found

    def is_quiet(self, now: datetime) -> bool:
        """Whether nothing of it is crossed within half an hour from `now`."""
        return not any(now - timedelta(minutes=1) < at < now + QUIET for *_, at in self.crossings())


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go, and which: those of its states and tiers, all where it names none."""

    name: str
    states: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()

    def wants(self, ticket: PlannedTicket, state: str) -> bool:
        """Whether an alert of this ticket goes there."""
        return (not self.states or state in self.states) and (not self.tiers or ticket.tier in self.tiers)


def plan_tickets(count: int, *, random: Random, now: datetime, prefix: str = "T") -> list[PlannedTicket]:
    """Tickets of all sorts, each with at least one threshold behind it and none within the next half hour."""
    tickets: list[PlannedTicket] = []
    while len(tickets) < count:
        ticket = _invent(f"{prefix}-{len(tickets)}", random, now)
        if ticket.is_quiet(now) and any(at < now for *_, at in ticket.crossings()):
            tickets.append(ticket)
    return tickets


def _invent(name: str, random: Random, now: datetime) -> PlannedTicket:
    tier, priority = random.choice(list(PROMISED))
    created_at = now - timedelta(minutes=random.randint(10, 20 * 60))
    age_minutes = int((now - created_at).total_seconds() / 60)
    moments = sorted(created_at + timedelta(minutes=random.randint(1, age_minutes)) for _ in range(2))
    reached = random.choice((0, 0, 0, 1, 2))
    responded_at = moments[0] if reached >= 1 else None
    resolved_at = moments[1] if reached == 2 and moments[0] < moments[1] else None
    return PlannedTicket(name, tier, priority, created_at, responded_at, resolved_at)


def expect(tickets: Sequence[PlannedTicket], channels: Sequence[Channel], now: datetime) -> set[Fact]:
    """Every (ticket, sla, level, channel) that must have been told by `now`, once."""
    return {
        (ticket.id, kind, level, channel.name)
        for ticket in tickets
        for kind, state, level, at in ticket.crossings()
        for channel in channels
        if at <= now and channel.wants(ticket, state)
    }


def to_filters(channel: Channel) -> Mapping[str, list[str]]:
    """The channel's filters as Tracker stores them."""
    return {"states": list(channel.states), "tiers": list(channel.tiers)}
