"""Tickets: cases that live in another system and reach us as events."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q

from incidents.choices import Category, SLAState
from incidents.querysets import TicketQuerySet
from tracker import clock
from tracker.models import Event, Project


class TicketStatus(models.Model):
    """Maps one sender's status word to what it means. Unknown words are created with a guess, flagged for an admin."""

    key = models.CharField(max_length=60, unique=True, editable=False, help_text="the name, case folded")
    name = models.CharField(max_length=60)
    category = models.CharField(max_length=10, choices=Category.choices)
    is_guessed = models.BooleanField("guessed, please check", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "ticket statuses"
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(condition=Q(category__in=Category.values), name="ticket_status_category_is_known")
        ]

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """The present state of one case: the last event of its history in the documented order, and its nearest deadlines.

    `alert_at` and `breach_at` are the nearest moments at which a live clock reaches that state, so that the SLA state
    is derived from the time of asking and is right to the second without any sweep.
    """

    id = models.BigAutoField(primary_key=True)
    external_id = models.CharField("id", max_length=128, unique=True)
    priority = models.CharField(max_length=40)
    customer_tier = models.CharField(max_length=40)
    status = models.CharField(max_length=60)
    category = models.CharField(max_length=10, choices=Category.choices)
    title = models.CharField(max_length=300, blank=True, default="")
    description = models.TextField(blank=True, default="")
    url = models.CharField(max_length=2000, blank=True, default="")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    sender_assignee = models.CharField(max_length=200, blank=True, default="", help_text="whom the sender names")
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    sequence = models.BigIntegerField(null=True, blank=True)
    received_at = models.DateTimeField(help_text="when the first event of this ticket reached us")
    due_at = models.DateTimeField(null=True, blank=True)
    alert_at = models.DateTimeField(null=True, blank=True)
    breach_at = models.DateTimeField(null=True, blank=True)
    is_open = models.BooleanField(default=True)
    has_sla = models.BooleanField(default=True)
    replay_requested_at = models.DateTimeField(null=True, blank=True, editable=False)
    search = models.GeneratedField(
        expression=SearchVector(F("title"), F("description"), config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = TicketQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index("updated_at", "id", name="ticket_by_update"),
            models.Index("due_at", "id", name="ticket_by_urgency", condition=Q(is_open=True)),
            models.Index("alert_at", "id", name="ticket_by_alert", condition=Q(alert_at__isnull=False)),
            models.Index("breach_at", "id", name="ticket_by_breach", condition=Q(breach_at__isnull=False)),
            models.Index("assignee", "id", name="ticket_of_assignee", condition=Q(assignee__isnull=False)),
            models.Index("project", "id", name="ticket_of_project", condition=Q(project__isnull=False)),
            models.Index(
                "replay_requested_at", "id", name="ticket_to_replay", condition=Q(replay_requested_at__isnull=False)
            ),
            GinIndex(fields=["search"], name="ticket_search", condition=~Q(title="") | ~Q(description="")),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def sla_state(self) -> SLAState:
        """Where the ticket stands at this moment."""
        now = clock.now()
        if self.breach_at is not None and self.breach_at <= now:
            return SLAState.BREACH
        if self.alert_at is not None and self.alert_at <= now:
            return SLAState.ALERT
        return SLAState.OK


class TicketEvent(models.Model):
    """One event as its sender told it: a snapshot of the whole ticket at `updated_at`. Never changed, but for the
    words of people who become nobody; never dropped.

    No foreign key constraints: incidents/intake/tickets.py is the only writer, inside one transaction with the ticket,
    and the checks would cost up to a third of the ingest. `manage.py verify` looks for orphans.
    """

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="history", db_constraint=False, db_index=False
    )
    fingerprint = models.BinaryField(max_length=16, help_text="BLAKE2b of the event's canonical content")
    updated_at = models.DateTimeField()
    sequence = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    priority = models.CharField(max_length=40)
    customer_tier = models.CharField(max_length=40)
    status = models.CharField(max_length=60)
    extra = models.JSONField(null=True, help_text="the optional fields that were sent")
    logged_in = models.ForeignKey(
        Event, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False,
        help_text="the log line that says who sent it, when, in which request",
    )  # fmt: skip
    received_at = models.DateTimeField()

    class Meta:
        # The fingerprint covers `updated_at` already. The table lies in partitions by it, and so it belongs to the key.
        constraints = [
            models.UniqueConstraint(fields=["ticket", "updated_at", "fingerprint"], name="ticket_event_is_kept_once")
        ]
        # What came after a moment stands at the end of the table; a tree of it would cost the ingest.
        indexes = [BrinIndex(fields=["received_at"], autosummarize=True, name="ticket_event_by_receipt")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.status} {self.updated_at:%Y-%m-%d %H:%M:%S}"
