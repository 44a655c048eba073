"""What the log says of reports, and how their owners hear of them."""

from typing import Any

from reports.models import Report
from tracker.access import Actor
from tracker.choices import NotificationKind
from tracker.services.events import log_event
from tracker.services.notifications import notify_people

# Tracker itself, at work on reports.
RUNNER = Actor.system("reports")


def log_report(*, actor: Actor, verb: str, report: Report, after: dict[str, Any] | None = None) -> None:
    """One line about a report; whose it is goes with it, so that streams know who may hear of it."""
    log_event(actor=actor, verb=verb, obj=report, after=after, data={"kind": report.kind, "reporter": report.owner_id})


def tell_owner(report: Report, headline: str, *, body: str = "") -> None:
    """Tells whoever asked for it by hand how it ended; what schedules ask for is mailed to their recipients."""
    if report.owner is None or report.schedule:
        return
    notify_people(
        actor=RUNNER,
        recipients=[report.owner],
        kind=NotificationKind.REPORT_READY,
        object_type="report",
        object_id=str(report.pk),
        headline=headline,
        body=body,
    )
