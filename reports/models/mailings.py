"""Which schedule came round when, and to whom its reports are owed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from reports.choices import FileFormat
from reports.models.reports import Report


class ReportRound(models.Model):
    """The last time that a schedule of reports was due. It moves on with the reports that were asked for, in one
    transaction, so that nobody gets two of one time, and nothing is left out while beat or worker are away.

    Attributes:
        schedule: the name of the periodic task.
        times: when that runs, in words: another time begins afresh.
    """

    schedule = models.CharField(max_length=200, unique=True)
    times = models.CharField(max_length=100)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.schedule} {self.due_at:%Y-%m-%d %H:%M}"


class ReportMailing(models.Model):
    """A letter with a report that is owed to a person; once it is in the outbox, `posted_at` says since when."""

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="mailings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    file_format = models.CharField(max_length=10, choices=FileFormat.choices, blank=True, default="")
    created_at = models.DateTimeField()
    posted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index("id", name="report_mailing_owed", condition=Q(posted_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.report_id} to {self.person_id}"
