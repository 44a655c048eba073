"""The demo data: real cases, condensed, and shifted so that their clocks are alive now."""

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from incidents.intake.tickets import ingest_rows
from incidents.services.demo_factories import seed_factories
from incidents.services.demo_incidents import seed_incidents
from incidents.services.demo_issues import seed_issues
from tracker import clock
from tracker.access import Actor
from tracker.models import Event
from tracker.services.events import log_event

# Condensed from the ServiceNow incident event log: UCI Machine Learning Repository no. 498 (Amaral, Fantinato, Peres),
# CC BY 4.0. Order and states are real; gaps are scaled to our targets, and customer tiers are invented.
TICKETS_PATH = Path(__file__).resolve().parent.parent / "demo" / "tickets.csv"
SEEDED = "demo.seeded"


@transaction.atomic
def seed_demo(*, actor: Actor) -> int:
    """Brings the demo in by the doors that everybody uses, once in a database's life.

    Returns:
        how many events were taken; 0 where the demo is there already.
    """
    if Event.objects.filter(verb=SEEDED).exists():
        return 0
    rows = read_demo_events()
    ingest_rows(actor=actor, rows=rows)
    issues = seed_issues(actor=actor)
    factories = seed_factories(actor=actor)
    incidents = seed_incidents(actor=actor)
    counts = {"events": len(rows), "issues": issues, "factories": factories, "incidents": incidents}
    log_event(actor=actor, verb=SEEDED, data=counts)
    return len(rows)


def read_demo_events() -> list[dict[str, Any]]:
    """The events of the demo as a sender would tell them at this moment."""
    now = clock.now()
    with TICKETS_PATH.open(encoding="utf-8", newline="") as file:
        return [
            {
                "id": row["id"],
                "priority": row["priority"],
                "customer_tier": row["customer_tier"],
                "status": row["status"],
                "created_at": now - timedelta(minutes=float(row["created_minutes_ago"])),
                "updated_at": now - timedelta(minutes=float(row["updated_minutes_ago"])),
                "sequence": int(row["sequence"]),
                "title": f"{row['category']}: reported by a customer",
                "attributes": {"category": row["category"]},
            }
            for row in csv.DictReader(file)
        ]
