"""What the log says of reports."""

from typing import Any

from reports.models import Report
from tracker.access import Actor
from tracker.services.events import log_event

# Tracker itself, at work on reports.
RUNNER = Actor.system("reports")


def log_report(*, actor: Actor, verb: str, report: Report, after: dict[str, Any] | None = None) -> None:
    """One line about a report; whose it is goes with it, so that streams know who may hear of it."""
    log_event(actor=actor, verb=verb, obj=report, after=after, data={"kind": report.kind, "reporter": report.owner_id})
