"""Assets: what things happen at, what is made there, and how much of it."""

from django.db import models
from django.db.models import Q

from tracker.models.users import validate_timezone

# Beyond it lies no production; below it a double still tells thousandths apart.
MOST = 1e12


class Factory(models.Model):
    """A site of production. `source` and `source_id` say which row of which import it came from."""

    name = models.CharField(max_length=120, unique=True)
    place = models.CharField(max_length=200, blank=True)
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_timezone])
    source = models.CharField(max_length=100, blank=True, default="", editable=False)
    source_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    # Of its series; the points alone would have to be counted each time.
    points_count = models.PositiveIntegerField(default=0, editable=False)
    last_point_at = models.DateTimeField(null=True, blank=True, editable=False)
    series_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When points went, or were told otherwise: who judged them judges anew.
    corrected_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "factories"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"], condition=~Q(source=""), name="factory_is_imported_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ProductionPoint(models.Model):
    """What a factory made up to a moment, and what it was to make."""

    id = models.BigAutoField(primary_key=True)
    factory = models.ForeignKey(Factory, on_delete=models.CASCADE, related_name="points", db_index=False)
    at = models.DateTimeField()
    actual = models.FloatField()
    goal = models.FloatField()

    class Meta:
        ordering = ["factory", "at"]
        constraints = [
            models.UniqueConstraint(fields=["factory", "at"], name="production_is_told_once"),
            # NaN is above every number for PostgreSQL, so it is refused as well.
            models.CheckConstraint(
                condition=Q(actual__gte=-MOST, actual__lte=MOST, goal__gte=-MOST, goal__lte=MOST),
                name="production_is_a_number",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.at:%Y-%m-%d %H:%M:%S}"


class Sprocket(models.Model):
    """A kind of sprocket that is made: its teeth and its measures."""

    name = models.CharField(max_length=120, blank=True, default="")
    teeth = models.PositiveIntegerField()
    pitch_diameter = models.FloatField()
    outside_diameter = models.FloatField()
    pitch = models.FloatField()
    source = models.CharField(max_length=100, blank=True, default="", editable=False)
    source_id = models.CharField(max_length=100, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"], condition=~Q(source=""), name="sprocket_is_imported_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    teeth__gt=0,
                    pitch_diameter__gt=0,
                    pitch_diameter__lte=MOST,
                    outside_diameter__gt=0,
                    outside_diameter__lte=MOST,
                    pitch__gt=0,
                    pitch__lte=MOST,
                ),
                name="sprocket_has_measures",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"Sprocket {self.pk}"
