"""Ready messages for tests of channels."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from incidents.channels.base import AlertNotice, ServiceNotice
from incidents.choices import Notice

BREACH = AlertNotice(
    key=uuid.UUID(int=1),
    notice=Notice.FIRED,
    ticket_id="INC-1",
    title="Mail is down",
    project="OPS",
    priority="high",
    customer_tier="gold",
    sla_type="resolution",
    state="breach",
    escalation_level=2,
    elapsed_minutes=180.0,
    target_minutes=180.0,
    percent_used=100.0,
    details={"elapsed_minutes": 180, "target_minutes": 180, "percent_used": 100},
    at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    link="https://tracker.example/tickets/INC-1",
)


def make_notice(**changes: Any) -> AlertNotice:
    """A breach of a gold ticket, with what differs."""
    return replace(BREACH, **changes)


def make_service_notice(text: str = "It works.") -> ServiceNotice:
    """A test message."""
    return ServiceNotice(
        uuid.UUID(int=2), Notice.TEST, "Test from Tracker", text, "https://tracker.example/", BREACH.at
    )
