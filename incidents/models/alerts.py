"""Alerts: a threshold was crossed, once."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.choices import LIVE_ALERT_STATES, AlertState, ClockKind, SLAState
from incidents.models.sla import Clock
from incidents.models.tickets import Ticket


class Alert(models.Model):
    """One threshold of one clock that was crossed at `crossed_at`. Never deleted; withdrawn when a late event shows
    that it was not crossed. `round` counts how often it fired, so that a reinstated alert is told again."""

    id = models.BigAutoField(primary_key=True)
    # No constraint: its check would make the sweep wait for whoever holds the ticket's row.
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="alerts", db_constraint=False)
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    cycle = models.PositiveSmallIntegerField()
    percent = models.DecimalField(max_digits=7, decimal_places=2)
    sla_state = models.CharField(max_length=10, choices=SLAState.choices)
    level = models.PositiveSmallIntegerField()
    channels = models.JSONField(default=list, blank=True, help_text="names the step asks for; empty = all that match")
    state = models.CharField(max_length=10, choices=AlertState.choices, default=AlertState.FIRING)
    round = models.PositiveSmallIntegerField(default=1)
    crossed_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    details = models.JSONField(default=dict, help_text="elapsed_minutes, target_minutes, percent_used")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["clock", "percent"], name="alert_is_one_per_threshold"),
            models.CheckConstraint(condition=Q(state__in=AlertState.values), name="alert_state_is_known"),
        ]
        indexes = [
            models.Index("id", name="alert_live", condition=Q(state__in=sorted(LIVE_ALERT_STATES))),
            models.Index("crossed_at", name="alert_by_crossing"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.kind} {self.sla_state}"
