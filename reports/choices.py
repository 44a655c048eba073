"""Words of reports and daily figures."""

from django.db.models import TextChoices


class ReportState(TextChoices):
    """The life of a report. What is ready never changes again."""

    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED_STATES = frozenset({ReportState.PENDING, ReportState.RUNNING})


class DailyMeasure(TextChoices):
    """What a daily figure is about."""

    ISSUES = "issues", "Issues"
    INCIDENTS = "incidents", "Incidents"
    TICKETS = "tickets", "Tickets"
    SLA = "sla", "SLA"


class FileFormat(TextChoices):
    """What a table may be written as."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"
    JSON = "json", "JSON"
    JSONL = "jsonl", "JSON Lines"
    PARQUET = "parquet", "Parquet"

    @property
    def content_type(self) -> str:
        """Its media type."""
        return CONTENT_TYPES[self]


CONTENT_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSON: "application/json",
    FileFormat.JSONL: "application/x-ndjson",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
}
