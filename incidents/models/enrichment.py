"""What is found out about incidents: one row for each provider's work, and a cache of what was asked outside."""

from django.db import models
from django.db.models import Q

from incidents.choices import RunState
from incidents.models.incidents import Incident


class EnrichmentRun(models.Model):
    """One provider's work on one incident: waiting, leased by a worker, or ended with an answer or a reason."""

    id = models.BigAutoField(primary_key=True)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="enrichments", db_index=False)
    provider = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PENDING)
    answer = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["incident", "provider"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "provider"], name="enrichment_is_one_per_provider"),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="enrichment_state_is_known"),
        ]
        indexes = [
            models.Index("provider", "next_attempt_at", name="enrichment_due", condition=Q(state="pending")),
            models.Index("leased_until", name="enrichment_leased", condition=Q(state="running")),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.provider} {self.state}"


class LookUp(models.Model):
    """What an outside provider answered, kept until `expires_at` so that it is not asked twice."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=20)
    key = models.CharField(max_length=200)
    answer = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "key"], name="look_up_is_kept_once")]

    def __str__(self) -> str:
        return f"{self.provider} {self.key}"
