"""Where alerts go, and each attempt to bring one there: the outbox."""

import uuid

from django.db import models
from django.db.models import F, Q

from incidents.choices import ChannelKind, DeliveryStatus, Notice
from incidents.models.alerts import Alert
from tracker.sealing import SealedTextField
from tracker.telemetry import current_traceparent


class Channel(models.Model):
    """One receiver. `url` is a secret (a Slack webhook's address is its key); it is written and never read back.

    Letters to people go by one channel of their own kind, which has no address: each delivery names its person.
    """

    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    url = SealedTextField(max_length=2000, help_text="https address, or the e-mail addresses, comma separated")
    secret = SealedTextField(max_length=200, blank=True, help_text="signs the webhook's body (HMAC-SHA256)")
    filters = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"states": [], "priorities": [], "tiers": [], "projects": [], "min_level": 1}',
    )
    is_enabled = models.BooleanField("enabled", default=True)
    muted_until = models.DateTimeField(null=True, blank=True)
    next_send_at = models.DateTimeField(null=True, blank=True, editable=False)
    consecutive_failures = models.PositiveIntegerField(default=0, editable=False)
    last_success_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_failure_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    broken_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="since when nothing gets through for good; told once"
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(kind=ChannelKind.PERSON), name="channel_of_people_is_one"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One notice of one alert to one channel. `key` is the Idempotency-Key of every attempt."""

    id = models.BigAutoField(primary_key=True)
    alert = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    notice = models.CharField(max_length=12, choices=Notice.choices)
    round = models.PositiveSmallIntegerField(default=1)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    payload = models.JSONField(null=True, blank=True, help_text="what to say where there is no alert behind it")
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    digest_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="folded")
    # Of the trace of whatever caused it, so that sending is a part of it; empty where no traces are collected.
    traceparent = models.CharField(
        max_length=55, blank=True, default=current_traceparent, db_default="", editable=False
    )
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["alert", "channel", "notice", "round"], name="delivery_is_one_per_notice")
        ]
        indexes = [
            models.Index(
                "channel",
                "next_attempt_at",
                "id",
                name="delivery_to_send",
                condition=Q(status__in=["leased", "pending"]),
            ),
            models.Index(F("channel"), F("id").desc(), name="delivery_of_channel"),
            models.Index("id", name="delivery_dead", condition=Q(status="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.notice} → {self.channel_id}"


class DeliveryHold(models.Model):
    """Nothing is sent while one is open: a restored database does not know what went out after its backup."""

    id = models.BigAutoField(primary_key=True)
    began_at = models.DateTimeField()
    backup_made_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=120, blank=True)
    cancelled = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["released_at"], condition=Q(released_at=None), nulls_distinct=False, name="delivery_hold_is_one"
            )
        ]

    def __str__(self) -> str:
        return f"held since {self.began_at:%Y-%m-%d %H:%M}"
