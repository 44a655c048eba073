"""Which backups were made, and how each went."""

from django.db import models
from django.db.models import F


class Backup(models.Model):
    """One backup that was begun. The file may be gone since: `removed_at` says when the policy took it away."""

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    location = models.CharField(max_length=500)
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    release = models.CharField(max_length=40)
    files = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    kept_until = models.DateTimeField(null=True, blank=True, help_text="the day on which the policy takes it away")
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(F("finished_at").desc(), name="backup_by_end")]

    def __str__(self) -> str:
        return self.location.rpartition("/")[2] or self.location
