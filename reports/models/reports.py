"""Reports: what was asked, how far it is, and the answer, which never changes again."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from reports.choices import UNFINISHED_STATES, ReportState
from tracker.choices import Role
from tracker.models import Project

_UNFINISHED = Q(state__in=sorted(UNFINISHED_STATES))


class Report(models.Model):
    """One question to a kind of report. What is finished is held by a trigger, and can only be deleted.

    Attributes:
        digest: of kind, parameters, the moment asked for and the owner's role: equal ones are one while unfinished.
        owner: null where Tracker itself asked. owner_role: what the owner was then; the answer reaches no further.
        as_of: up to when history counts; null until the first run where nobody asked for a moment.
        policy_versions: numbers of the SLA policy's versions that had taken effect by then, the newest last.
        schedule: the name of the schedule that asked.
        content_hash: SHA-256 of kind, parameters, as_of, result and policy_versions as canonical JSON.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64)
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="reports",
        db_index=False,
    )
    owner_label = models.CharField(max_length=120)
    owner_role = models.CharField(max_length=20, choices=Role.choices, blank=True, default="")
    schedule = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.PENDING)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    policy_versions = models.JSONField(default=list, blank=True)
    file_name = models.CharField(max_length=255, blank=True, default="")
    file_key = models.CharField(max_length=255, blank=True, default="")
    file_type = models.CharField(max_length=100, blank=True, default="")
    file_bytes = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "digest"],
                name="report_is_asked_once",
                condition=_UNFINISHED,
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=ReportState.READY)
                | Q(result__isnull=False, as_of__isnull=False) & ~Q(content_hash=""),
                name="report_that_is_ready_says_what",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReportState.FAILED) | ~Q(error=""), name="report_that_failed_says_why"
            ),
            models.CheckConstraint(
                condition=_UNFINISHED & Q(finished_at__isnull=True) | ~_UNFINISHED & Q(finished_at__isnull=False),
                name="report_ends_when_it_is_finished",
            ),
        ]
        indexes = [
            models.Index(F("owner"), F("id").desc(), name="report_of_owner"),
            models.Index("owner", "id", name="report_waiting", condition=Q(state="pending")),
            models.Index("leased_until", name="report_leased", condition=Q(state="running")),
            models.Index("file_key", name="report_by_file", condition=~Q(file_key="")),
        ]

    def __str__(self) -> str:
        return f"report {self.pk}"

    @property
    def is_finished(self) -> bool:
        """Whether nothing of it changes any more."""
        return self.state not in UNFINISHED_STATES
