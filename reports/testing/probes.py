"""Probes of the addresses of reports."""

from reports.choices import ReportState
from reports.testing.factories import make_report
from tracker.models import User
from tracker.testing.factories import make_project
from tracker.testing.rights import Probe, Values


def report(owner: User) -> Values:
    """A finished report of theirs."""
    return {"pk": make_report(owner, kind="daily_summary", parameters={}).pk}


def waiting(owner: User) -> Values:
    """A report of theirs that nobody makes yet."""
    return {"pk": make_report(owner, state=ReportState.PENDING).pk}


def project(owner: User) -> Values:
    """A project of theirs."""
    return {"project": make_project(owner=owner).key}


NEW_REPORT = {"kind": "daily_summary"}
PROBES = [
    Probe("GET", "v1/reports", "reports", "list"),
    Probe("GET", "v1/reports/kinds", "reports", "list"),
    Probe("GET", "v1/reports/{pk}", "reports", "read", report),
    Probe("POST", "v1/reports/{pk}/cancel", "reports", "transition", waiting),
    Probe("DELETE", "v1/reports/{pk}", "reports", "delete", report, status=204),
]
