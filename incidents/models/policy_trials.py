"""Trials of a policy: what publishing it would do to open tickets, and what it would have made of the closed ones."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.choices import UNFINISHED_TRIALS, AppliesTo, TrialState
from incidents.models.sla import PolicyVersion


class PolicyTrial(models.Model):
    """One policy that is tried and not published: worked off in slices under a lease, its result kept as it was.

    `work` is how far the slices have come, so that a worker that dies costs a few seconds and not the whole. `based_on`
    is the newest version at the time of asking; once there is a newer one the trial says nothing about today.
    """

    id = models.BigAutoField(primary_key=True)
    document = models.JSONField(help_text="rules, calendars and steps, as the log shows a version")
    calendar = models.CharField(max_length=60, blank=True, default="", help_text="the calendar that is changed, if one")
    applies_to = models.CharField(max_length=10, choices=AppliesTo.choices, default=AppliesTo.OPEN)
    effective_at = models.DateTimeField(null=True, blank=True, help_text="empty = at once")
    note = models.CharField(max_length=300, blank=True, default="")
    backtest_days = models.PositiveSmallIntegerField()
    based_on = models.ForeignKey(PolicyVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    published_as = models.ForeignKey(PolicyVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=10, choices=TrialState.choices, default=TrialState.PENDING)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    work = models.JSONField(null=True, blank=True, editable=False)
    result = models.JSONField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "SLA preview"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=TrialState.values), name="policy_trial_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=TrialState.READY, result__isnull=False)
                | (~Q(state=TrialState.READY) & Q(result__isnull=True)),
                name="policy_trial_has_a_result_when_ready",
            ),
        ]
        indexes = [models.Index("id", name="policy_trial_unfinished", condition=Q(state__in=sorted(UNFINISHED_TRIALS)))]

    def __str__(self) -> str:
        return f"preview {self.pk}"

    @property
    def is_unfinished(self) -> bool:
        """Whether there is still something to wait for."""
        return self.state in UNFINISHED_TRIALS
