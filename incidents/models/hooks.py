"""Hooks: addresses at which monitoring systems and code hosts report by themselves."""

from django.db import models
from django.db.models import F, Q

from incidents.choices import HookKind, HookOutcome, HookTarget
from incidents.models.incidents import Incident, IncidentCategory
from incidents.models.issues import Issue
from tracker.models import Project
from tracker.sealing import SealedTextField


class Hook(models.Model):
    """One sender's address. The key in it is kept as a digest; `secret` is what the sender signs with."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=20, choices=HookKind.choices)
    prefix = models.CharField(max_length=12, unique=True, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    secret = SealedTextField(blank=True, default="", help_text="what the sender signs its calls with")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(IncidentCategory, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rate_per_minute = models.PositiveIntegerField(default=120)
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    throttled_at = models.DateTimeField(null=True, blank=True, editable=False)
    throttled_count = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class HookRule(models.Model):
    """What a signal becomes whose labels match all conditions; the first rule by position decides.

    `conditions` maps a label to a pattern with `*` and `?`. Without `hook` it is asked for every hook.
    """

    hook = models.ForeignKey(Hook, null=True, blank=True, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    conditions = models.JSONField(default=dict, blank=True)
    target = models.CharField(max_length=10, choices=HookTarget.choices)
    category = models.ForeignKey(IncidentCategory, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    title_template = models.CharField(max_length=300, blank=True, default="")
    severity_template = models.CharField(max_length=300, blank=True, default="")
    is_enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class HookCall(models.Model):
    """One call as it came, and what became of it.

    `delivery_id` is the sender's own id of the call; who sends it again is told what became of it the first time. A
    refused call leaves it empty, so that it may come again. Of a call with a wrong signature only the digest is kept.
    """

    id = models.BigAutoField(primary_key=True)
    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="calls", db_index=False)
    delivery_id = models.CharField(max_length=100, blank=True, default="")
    received_at = models.DateTimeField(db_index=True)
    content_type = models.CharField(max_length=100, blank=True, default="")
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True, default="")
    body_digest = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=HookOutcome.choices)
    note = models.CharField(max_length=500, blank=True, default="")
    taken = models.PositiveIntegerField(default=0, help_text="signals that became or changed something")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hook", "delivery_id"], condition=~Q(delivery_id=""), name="hook_call_is_taken_once"
            )
        ]
        indexes = [
            models.Index("hook", F("id").desc(), name="hook_call_of_hook"),
            models.Index("outcome", F("id").desc(), name="hook_call_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.outcome}"


class HookSignal(models.Model):
    """One thing that a sender keeps telling of, by its own fingerprint, and what it is here. One is open at a time.

    `text_digest` is of what was last told, `told_count` how often another text became a comment.
    """

    id = models.BigAutoField(primary_key=True)
    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="signals", db_index=False)
    fingerprint = models.CharField(max_length=200)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="signals")
    issue = models.ForeignKey(Issue, null=True, blank=True, on_delete=models.CASCADE, related_name="signals")
    is_open = models.BooleanField(default=True)
    count = models.PositiveIntegerField(default=1)
    text_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    told_count = models.PositiveSmallIntegerField(default=0, editable=False)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["hook", "fingerprint"], condition=Q(is_open=True), name="hook_signal_is_open_once"
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, closed_at__isnull=True) | Q(is_open=False, closed_at__isnull=False),
                name="hook_signal_is_closed_since",
            ),
        ]
        indexes = [models.Index("hook", "fingerprint", F("id").desc(), name="hook_signal_of_fingerprint")]

    def __str__(self) -> str:
        return f"{self.hook_id} {self.fingerprint}"
