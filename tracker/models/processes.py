"""Which processes live: workers, beats and web processes, on all machines together."""

from django.db import models

from tracker.choices import ProcessKind


class Process(models.Model):
    """One running process, by an id that it made up itself: no host name, and nothing that a stranger could use."""

    id = models.CharField(max_length=12, primary_key=True)
    kind = models.CharField(max_length=10, choices=ProcessKind.choices)
    release = models.CharField(max_length=40)
    python = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    is_leading = models.BooleanField(default=False, help_text="of beats: the one that rings")
    tasks_total = models.BigIntegerField(default=0)
    doing = models.JSONField(default=list, blank=True, help_text="running tasks, with the moment at which each began")

    class Meta:
        verbose_name_plural = "processes"
        ordering = ["kind", "started_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
