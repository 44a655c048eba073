"""Daily figures: what happened on a day, and what was open at its end."""

from django.db import models
from django.db.models import F, Q

from reports.choices import DailyMeasure
from tracker.models import Project


class DailyStat(models.Model):
    """One measure of one project on one day of the site; no project = what belongs to none.

    A function of history: services/daily_stats.py may write it anew at any time and writes the same. There is a row
    for every day from the first on which the project has anything of the measure. `refreshed_at` is when it was last
    found to be so; a row that was refreshed before its day was over is still growing.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    measure = models.CharField(max_length=10, choices=DailyMeasure.choices)
    figures = models.JSONField()
    refreshed_at = models.DateTimeField()

    class Meta:
        verbose_name = "daily figures"
        verbose_name_plural = "daily figures"
        ordering = ["-day", "measure", F("project").asc(nulls_first=True)]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "measure", "day"], nulls_distinct=False, name="daily_stat_is_one_per_day"
            ),
            models.CheckConstraint(condition=Q(measure__in=DailyMeasure.values), name="daily_stat_measure_is_known"),
        ]
        indexes = [
            models.Index("measure", "day", name="daily_stat_of_measure"),
            models.Index("day", "id", name="daily_stat_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.day}"
