"""How long each kind of rows is kept."""

from django.db import models
from django.db.models import Q


class RetentionPolicy(models.Model):
    """One kind that tracker/retention.py knows: after how many days its rows go, never where `keep_days` is empty.

    `pruned_before` is the moment up to which everything that may go has gone, as of the last run.
    """

    kind = models.CharField(max_length=40, unique=True, editable=False)
    keep_days = models.PositiveIntegerField(null=True, blank=True, help_text="empty = for ever")
    is_enabled = models.BooleanField("enabled", default=True)
    pruned_at = models.DateTimeField(null=True, blank=True, editable=False)
    pruned_before = models.DateTimeField(null=True, blank=True, editable=False)
    pruned_total = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "retention policies"
        ordering = ["kind"]
        constraints = [
            models.CheckConstraint(
                condition=Q(keep_days__isnull=True) | Q(keep_days__gte=1), name="retention_is_a_day_at_least"
            )
        ]

    def __str__(self) -> str:
        return self.kind.replace("_", " ")
