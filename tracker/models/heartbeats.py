"""When each sweep last ran: the truth behind /healthz and the sweep metrics, right across processes and machines."""

from django.db import models


class SweepHeartbeat(models.Model):
    """The last run of one named sweep (or of beat and the worker's canary)."""

    name = models.CharField(max_length=60, primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    duration_seconds = models.FloatField(default=0)
    rows = models.BigIntegerField(default=0)
    runs_total = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(default=0)
    duration_seconds_total = models.FloatField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
