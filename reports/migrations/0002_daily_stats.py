"""Daily figures."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0001_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyStat",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField()),
                (
                    "measure",
                    models.CharField(
                        choices=[
                            ("issues", "Issues"),
                            ("incidents", "Incidents"),
                            ("tickets", "Tickets"),
                            ("sla", "SLA"),
                        ],
                        max_length=10,
                    ),
                ),
                ("figures", models.JSONField()),
                ("refreshed_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name": "daily figures",
                "verbose_name_plural": "daily figures",
                "ordering": ["-day", "measure", models.OrderBy(models.F("project"), nulls_first=True)],
                "indexes": [models.Index(models.F("measure"), models.F("day"), name="daily_stat_of_measure")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "measure", "day"), name="daily_stat_is_one_per_day", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("measure__in", ["issues", "incidents", "tickets", "sla"])),
                        name="daily_stat_measure_is_known",
                    ),
                ],
            },
        ),
    ]
