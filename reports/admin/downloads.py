"""What a report's page offers to take along."""

from reports.choices import ReportState
from reports.exports.documents import DOCUMENT_FORMATS
from reports.models import Report


def list_downloads(report: Report) -> list[tuple[str, str]]:
    """Words and address of each file that a finished report can be had as."""
    if report.state != ReportState.READY:
        return []
    own = [(report.file_name, f"/v1/reports/{report.pk}/file")] if report.file_key else []
    tables = [(one.label, f"/v1/reports/{report.pk}/export?format={one.value}") for one in DOCUMENT_FORMATS]
    return own or tables
