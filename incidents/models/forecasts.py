"""Forecasts: what became of promises like those that are open, and what that says about these."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.choices import ClockKind, ForecastLikeness
from incidents.models.tickets import Ticket


class ForecastCurve(models.Model):
    """Of one group of like promises of the last months: how many were open at each step of the target, and breached.

    An empty priority or tier stands for any. Learned anew each hour from the clocks, so any of it may be deleted.
    """

    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    priority = models.CharField(max_length=40, blank=True, default="")
    tier = models.CharField(max_length=40, blank=True, default="")
    breached = models.PositiveIntegerField()
    still_open = ArrayField(models.PositiveIntegerField(), help_text="for each 2 % of the target")
    days = models.PositiveSmallIntegerField(help_text="of how many last days these are")
    learned_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "priority", "tier"], name="forecast_curve_is_one_per_group")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.priority or '*'} × {self.tier or '*'}"


class TicketForecast(models.Model):
    """How likely an open ticket breaks a promise that it can still keep: of several the likeliest.

    A table beside the tickets, so that lists sort by it and no sender's event waits for it. Rows go when the ticket
    closes or has nothing left to keep. No constraint on the ticket's key for the reason given at TicketEvent.
    """

    ticket = models.OneToOneField(
        Ticket, primary_key=True, on_delete=models.CASCADE, related_name="forecast", db_constraint=False
    )
    chance = models.FloatField(null=True, blank=True, help_text="empty = too few like cases to say")
    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    step = models.PositiveSmallIntegerField(help_text="how many 2 % of the target were used up")
    breached = models.PositiveIntegerField()
    cases = models.PositiveIntegerField()
    likeness = models.CharField(max_length=10, choices=ForecastLikeness.choices)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("chance", "ticket", name="forecast_by_chance", condition=Q(chance__isnull=False))]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.breached} of {self.cases}"
