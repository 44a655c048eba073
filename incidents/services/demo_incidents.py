"""The demo's incidents: a dozen around one city, some of them dealt with."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from incidents.choices import IncidentStatus
from incidents.models import IncidentCategory
from incidents.services.incident_moves import move_incident
from incidents.services.incidents import Origin, create_incident
from tracker import clock
from tracker.access import Actor

INCIDENTS_PATH = Path(__file__).resolve().parent.parent / "demo" / "incidents.yaml"
SOURCE = "demo"
WAY_TO_DONE = (IncidentStatus.TRIAGED, IncidentStatus.IN_PROGRESS, IncidentStatus.DONE)


def seed_incidents(*, actor: Actor) -> int:
    """Brings the demo's incidents in by the doors that everybody uses; how many."""
    rows = yaml.safe_load(INCIDENTS_PATH.read_text(encoding="utf-8"))["incidents"]
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    categories = {category.key: category for category in IncidentCategory.objects.filter(archived_at=None)}
    # An installation may have other categories by now.
    known = [row for row in rows if row["category"] in categories]
    for number, row in enumerate(known, start=1):
        occurred_at = today - timedelta(days=row["days"]) + timedelta(hours=row["hour"])
        _seed(actor, number, row, categories[row["category"]], occurred_at)
    return len(known)


def _seed(actor: Actor, number: int, row: dict[str, Any], category: IncidentCategory, occurred_at: datetime) -> None:
    latitude, longitude = row.get("at", (None, None))
    values = {
        "category": category,
        "title": row["title"],
        "description": row["body"],
        "severity": row["severity"],
        "place": row["place"],
        "latitude": latitude,
        "longitude": longitude,
        "occurred_at": occurred_at,
        "loss_estimate": row.get("loss"),
        "recovery": row.get("recovery", "unknown"),
    }
    reported_at = occurred_at + timedelta(hours=row["waited"])
    origin = Origin(reporter_label=row["by"], source=SOURCE, source_id=str(number), reported_at=reported_at)
    incident = create_incident(actor=actor, values=values, origin=origin)
    for status in WAY_TO_DONE[: row.get("steps", 0)]:
        move_incident(actor=actor, incident=incident, status=status)
