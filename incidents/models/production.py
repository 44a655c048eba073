"""Rules about production: too little of it for too long is an incident."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from incidents.choices import Severity
from incidents.models.incidents import Incident, IncidentCategory
from tracker.models import Factory, Project

MOST_PERCENT, MOST_POINTS = 1_000, 1_000


class ProductionRule(models.Model):
    """Actual below `percent` % of goal for `points` points in a row opens an incident. Without factory: in each."""

    name = models.CharField(max_length=80, unique=True)
    factory = models.ForeignKey(Factory, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    percent = models.FloatField(default=80)
    points = models.PositiveIntegerField(default=3, validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)])
    category = models.ForeignKey(IncidentCategory, on_delete=models.PROTECT, related_name="+")
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.MEDIUM)
    project = models.ForeignKey(Project, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    is_enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gt=0, percent__lte=MOST_PERCENT, points__gte=1, points__lte=MOST_POINTS),
                name="production_rule_can_be_broken",
            ),
            models.CheckConstraint(condition=Q(severity__in=Severity.values), name="production_rule_severity_is_known"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductionWatch(models.Model):
    """How far one rule has looked at one factory, and what it found last: one row, so one open incident at most.

    `low_count` is how many points in a row, up to the one at `seen_at`, were too low. `corrected_at` is the factory's
    as it was then; where the factory has another, points that were looked at are others now.
    """

    id = models.BigAutoField(primary_key=True)
    rule = models.ForeignKey(ProductionRule, on_delete=models.CASCADE, related_name="watches", db_index=False)
    factory = models.ForeignKey(Factory, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(null=True, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    low_count = models.PositiveIntegerField(default=0)
    is_alarmed = models.BooleanField(default=False)
    incident = models.ForeignKey(Incident, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["rule", "factory"], name="production_is_watched_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.factory_id}"
