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
