"""Probes of the addresses of reports."""

from reports.choices import ReportState
from reports.testing.factories import make_report
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload
from tracker.models import User
from tracker.testing.factories import make_project
from tracker.testing.rights import Probe, Values


def report(owner: User) -> Values:
    """A finished report of theirs."""
    counts = {"OPEN": 1, "TRIAGED": 0, "IN_PROGRESS": 0, "DONE": 0}
    lately = {"done_last_30_days": 0, "avg_lead_time_days_last_30_days": None}
    result = {"subject": "issues", "project": None, "as_of": "2026-01-02T00:00:00Z", "status_counts": counts, **lately}
    return {"pk": make_report(owner, kind="daily_summary", parameters={}, result=result).pk}


def chart(owner: User) -> Values:
    """A chart of a report of theirs."""
    return {**report(owner), "number": 1}


def raw_rows(owner: User) -> Values:
    """A report of theirs with a file."""
    result = {"dataset": "issues", "columns": [["id", "integer"]], "rows": 0, "bytes": 3, "sha256": "", "file": "x"}
    with Upload.of_chunks("rows.csv", [b"id\n"]) as upload:
        fields = {"file_key": keep_file(upload), "file_name": "rows.csv", "file_type": "text/csv", "file_bytes": 3}
    days = {"from": "2026-01-01", "to": "2026-01-02"}
    return {"pk": make_report(owner, kind="raw_rows", parameters={}, result=result | days, **fields).pk}


def waiting(owner: User) -> Values:
    """A report of theirs that nobody makes yet."""
    return {"pk": make_report(owner, state=ReportState.PENDING).pk}


def project(owner: User) -> Values:
    """A project of theirs."""
    return {"project": make_project(owner=owner).key}


NEW_REPORT = {"kind": "daily_summary"}
PROBES = [
    Probe("GET", "v1/stats/daily", "daily_stats", "list"),
    Probe("GET", "v1/stats/daily/export", "daily_stats", "export"),
    Probe("GET", "v1/reports", "reports", "list"),
    Probe("GET", "v1/reports/kinds", "reports", "list"),
    Probe("GET", "v1/reports/{pk}", "reports", "read", report),
    Probe("GET", "v1/reports/{pk}/export", "reports", "export", raw_rows),
    Probe("GET", "v1/reports/{pk}/file", "reports", "export", raw_rows),
    Probe("GET", "v1/reports/{pk}/charts/{number}", "reports", "read", chart),
    Probe("POST", "v1/reports", "reports", "create", body=NEW_REPORT, status=202),
    Probe("POST", "v1/reports/{pk}/rerun", "reports", "create", report, parent="reports", status=202),
    Probe(
        "POST",
        "v1/reports/project/{project}/daily-summary",
        "reports",
        "create",
        project,
        parent="projects",
        status=202,
    ),
    Probe("POST", "v1/reports/{pk}/cancel", "reports", "transition", waiting),
    Probe("DELETE", "v1/reports/{pk}", "reports", "delete", report, status=204),
]
