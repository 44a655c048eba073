"""Ticket events for tests, as a sender would write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from incidents.intake.tickets import IngestResult, ingest_rows
from tracker.access import Actor

SYSTEM = Actor.system("test")
# A Monday noon in the past, so that nothing is refused for being in the future.
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """So many minutes after START."""
    return START + timedelta(minutes=minutes)


def make_event(ticket: str = "T-1", status: str = "new", minutes: float = 0, **changes: Any) -> dict[str, Any]:
    """An event of a gold ticket of high priority that began at START, told `minutes` after it."""
    event: dict[str, Any] = {
        "id": ticket,
        "priority": "high",
        "created_at": START.isoformat(),
        "updated_at": at(minutes).isoformat(),
        "status": status,
        "customer_tier": "gold",
    }
    return event | {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in changes.items()
    }


def ingest(*events: dict[str, Any]) -> IngestResult:
    """Takes events in as one batch."""
    return ingest_rows(actor=SYSTEM, rows=list(events))
