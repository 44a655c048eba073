"""Probes of the addresses of tickets, alerts and channels."""

from collections.abc import Mapping
from typing import Any

from incidents.testing.factories import make_ticket
from incidents.testing.ticket_events import ingest, make_event
from tracker.models import User
from tracker.testing.rights import Probe

EVENT = make_event("T-NEW", "new")


def ticket(owner: User) -> Mapping[str, Any]:
    """A ticket with one event; tickets are nobody's own."""
    return {"id": make_ticket().external_id}


def ticket_with_history(owner: User) -> Mapping[str, Any]:
    """A ticket that came in as an event."""
    ingest(make_event("T-1", "new"))
    return {"id": "T-1"}


PROBES = [
    Probe("GET", "v1/tickets", "tickets", "list"),
    Probe("POST", "v1/tickets", "tickets", "create", body=EVENT),
    Probe("GET", "v1/tickets/{id}", "tickets", "read", ticket),
    Probe("POST", "v1/tickets/{id}/assign", "tickets", "update", ticket, body={"assignee": None}),
    Probe("POST", "v1/tickets/{id}/transition", "tickets", "transition", ticket_with_history, body={"status": "open"}),
    Probe("GET", "v1/tickets/{id}/comments", "tickets", "read", ticket),
    Probe("POST", "v1/tickets/{id}/comments", "tickets", "update", ticket, body={"body": "Seen."}, status=201),
    Probe("GET", "v1/dashboard", "tickets", "list"),
]
