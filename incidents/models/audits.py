"""What the auditor found, and how far it is on its rounds."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from incidents.choices import STANDING_FINDINGS, FindingState


class AuditFinding(models.Model):
    """One row that breaks one rule. While it does, and was neither repaired nor accepted by a person, it is open.

    Attributes:
        rule: the sentence that does not hold.
        subject_type, subject_id: which row, as the log names rows; a file by its key.
        details: what is known beyond that, such as what the slow reference made of a clock.
        seen_at: when it was last found to be so.
        repairs: how often repairing was tried.
        resolved_by: who accepted it as it is; null where it went by itself.
    """

    id = models.BigAutoField(primary_key=True)
    rule = models.CharField(max_length=120)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=255)
    details = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    found_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    repairs = models.PositiveSmallIntegerField(default=0)
    repaired_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name = "finding"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject_type", "subject_id"],
                condition=Q(state__in=sorted(STANDING_FINDINGS)),
                name="audit_finding_stands_once",
            ),
            models.CheckConstraint(condition=Q(state__in=FindingState.values), name="audit_finding_state_is_known"),
        ]
        indexes = [
            models.Index(
                "seen_at", "id", name="audit_finding_standing", condition=Q(state__in=sorted(STANDING_FINDINGS))
            ),
            models.Index(F("state"), F("id").desc(), name="audit_finding_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject_type} {self.subject_id}"


class AuditMark(models.Model):
    """How far one round of the auditor has come: up to which row, and when it was there."""

    name = models.CharField(max_length=160, primary_key=True)
    position = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
