"""The states of reports in words and tones."""

from django.utils.safestring import SafeString

from reports.choices import ReportState
from reports.models import Report
from tracker.admin.formats import render_badge

TONES = {
    ReportState.PENDING: "info",
    ReportState.RUNNING: "info",
    ReportState.READY: "ok",
    ReportState.FAILED: "breach",
    ReportState.CANCELLED: "quiet",
}


def report_badge(report: Report) -> SafeString:
    """How far a report is; while it runs, in percent where that is known."""
    known = ReportState(report.state)
    words = str(known.label)
    if known == ReportState.RUNNING and report.progress_total:
        words = f"{words}, {100 * report.progress_done // report.progress_total} %"
    return render_badge(words, TONES[known])
