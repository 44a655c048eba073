"""Promises: calendars, versioned policies, and the clocks that run under them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from incidents.choices import AppliesTo, ClockKind, ClockState, PolicySource, SLAState, Verdict
from incidents.models.tickets import Ticket


class Calendar(models.Model):
    """One version of a calendar: working hours and holidays in a time zone. Immutable; an edit makes a new version."""

    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    timezone = models.CharField(max_length=64, default="UTC")
    hours = models.JSONField(
        null=True, blank=True, help_text='{"mon": [["09:00", "17:00"]], …}; empty = round the clock'
    )
    holiday_country = models.CharField(max_length=2, blank=True, default="")
    holiday_subdivision = models.CharField(max_length=10, blank=True, default="")
    extra_holidays = models.JSONField(default=list, blank=True, help_text='["2026-12-24", …]')
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name", "-version"]
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="calendar_version_is_unique")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class PolicyVersion(models.Model):
    """One version of all targets. Immutable; an edit makes the next one, which takes effect at `effective_at`."""

    number = models.PositiveIntegerField(unique=True)
    effective_at = models.DateTimeField()
    applies_to = models.CharField(max_length=10, choices=AppliesTo.choices, default=AppliesTo.OPEN)
    source = models.CharField(max_length=10, choices=PolicySource.choices)
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of what it says")
    note = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "SLA policy version"
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"version {self.number}"


class PolicyRule(models.Model):
    """Targets for one customer tier and priority; the first rule that matches counts. No target = no such promise."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    tier = models.CharField(max_length=40, default="*", help_text="* = any")
    priority = models.CharField(max_length=40, default="*", help_text="* = any")
    response_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolution_minutes = models.PositiveIntegerField(null=True, blank=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT)
    pauses_when_waiting = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="policy_rule_position_is_unique"),
            models.UniqueConstraint(fields=["version", "tier", "priority"], name="policy_rule_matches_once"),
            models.CheckConstraint(
                condition=~Q(response_minutes=0) & ~Q(resolution_minutes=0), name="policy_rule_targets_are_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier} × {self.priority}"


class EscalationStep(models.Model):
    """What happens when a share of the target is used up: the state, the level, and which channels hear of it."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="steps")
    percent = models.DecimalField(max_digits=7, decimal_places=2)
    state = models.CharField(max_length=10, choices=[(SLAState.ALERT, "Alert"), (SLAState.BREACH, "Breach")])
    level = models.PositiveSmallIntegerField()
    channels = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, help_text="names; empty = every channel that matches"
    )

    class Meta:
        ordering = ["percent"]
        constraints = [
            models.UniqueConstraint(fields=["version", "percent"], name="escalation_step_is_one_per_percent"),
            models.CheckConstraint(condition=Q(percent__gt=0), name="escalation_step_percent_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.percent:g} % → {self.state}"


class Clock(models.Model):
    """One promise on one ticket in one cycle, as derived by replaying the ticket's history.

    `crossings` holds, for each escalation step of `policy` in order of percent, the moment it was or will be reached
    (null: not foreseeable, as while paused). `next_check_at` is the first crossing that has no alert yet: the sweep
    costs by what is due. No constraint on the ticket's key for the reason given at TicketEvent.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="clocks", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=10, choices=ClockKind.choices)
    cycle = models.PositiveSmallIntegerField(default=1)
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, db_constraint=False, db_index=False)
    target_minutes = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=ClockState.choices)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, null=True, blank=True)  # noqa: DJ001
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    elapsed_seconds = models.FloatField(default=0, help_text="working time used up to anchor_at")
    anchor_at = models.DateTimeField(help_text="the stop, or the last thing said about the ticket")
    crossings = ArrayField(models.DateTimeField(null=True), default=list)
    alerted_percent = models.DecimalField(max_digits=7, decimal_places=2, default=0)
    escalation_level = models.PositiveSmallIntegerField(default=0)
    next_check_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "kind", "cycle"], name="clock_is_one_per_cycle")]
        indexes = [models.Index("next_check_at", name="clock_to_check", condition=Q(next_check_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.kind} {self.cycle} of {self.ticket_id}"


class SLAConfigFile(models.Model):
    """What became of the file at SLA_CONFIG_PATH: the last one applied and, where the present one is bad, why."""

    path = models.CharField(max_length=500, unique=True)
    applied_digest = models.CharField(max_length=64, blank=True)
    applied_at = models.DateTimeField(null=True)
    refused_digest = models.CharField(max_length=64, blank=True)
    refused_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = "SLA file"

    def __str__(self) -> str:
        return self.path
