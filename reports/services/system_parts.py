"""What the System page tells of reports."""

from reports.choices import ReportState
from reports.models import Report
from reports.monitoring import report_wait_seconds
from tracker.gauges import count_by
from tracker.services.system import Content, Fact, Section, Unit, register_section


def read_reports() -> Content:
    """By state, and how long the oldest waits."""
    counts = count_by(Report._meta.db_table, "state")
    facts = [Fact(str(state.label), counts.get(state, 0)) for state in ReportState]
    return Content(facts=[*facts, Fact("Oldest waits for", report_wait_seconds(), Unit.SECONDS)])


register_section(Section("reports", "Reports", read_reports, position=36))
