"""Made-up ticket events in the shape that senders use, the same for every run."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from incidents.services.policies import current_book
from tracker.models import Project

TABLES = (
    "incidents_alert",
    "incidents_delivery",
    "incidents_clock",
    "incidents_ticketevent",
    "incidents_ticket",
    "tracker_event",
)
TIERS = ("gold", "silver", "bronze")
PROJECT = "OPS"
LATER_STATUSES = ("in progress", "waiting for customer", "resolved", "reopened")
UPDATE_SHARE = 0.2

RawEvent = dict[str, Any]


def make_policy() -> None:
    """The project of all events, and the policy that is shipped: round the clock, alerts at 85 and 100 %."""
    Project.objects.get_or_create(key=PROJECT, defaults={"name": "Operations"})
    current_book()


def make_events(count: int, *, seed: int = 1, end: datetime | None = None) -> list[RawEvent]:
    """`count` events in the order in which a sender tells them: new tickets, and one in five an update of an old one.

    Args:
        end: when the last one happens; by default a minute ago.
    """
    dice = random.Random(seed)  # noqa: S311
    end = end or datetime.now(UTC) - timedelta(minutes=1)
    tickets: list[RawEvent] = []
    events: list[RawEvent] = []
    for index in range(count):
        at = end - timedelta(milliseconds=20 * (count - index))
        if tickets and dice.random() < UPDATE_SHARE:
            ticket = dice.choice(tickets)
            ticket |= {"updated_at": _write_time(at), "status": dice.choice(LATER_STATUSES)}
        else:
            ticket = _make_ticket(dice, len(tickets), seed, at)
            tickets.append(ticket)
        events.append(dict(ticket))
    return events


def _make_ticket(dice: random.Random, number: int, seed: int, at: datetime) -> RawEvent:
    return {
        "id": f"CASE-{seed}-{number:07}",
        "priority": dice.choice(("low", "medium", "medium", "high", "critical")),
        "created_at": _write_time(at - timedelta(seconds=dice.randrange(300))),
        "updated_at": _write_time(at),
        "status": dice.choice(("new", "open", "in progress")),
        "customer_tier": dice.choice(TIERS),
        "project": PROJECT,
    }


def _write_time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pack(events: list[RawEvent], size: int) -> list[bytes]:
    """Request bodies of `size` events each."""
    return [orjson.dumps(events[start : start + size]) for start in range(0, len(events), size)]
