"""What the auditor found, and how far it is on its rounds: two new tables."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0004_age_of_stays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditMark",
            fields=[
                ("name", models.CharField(max_length=160, primary_key=True, serialize=False)),
                ("position", models.BigIntegerField(default=0)),
                ("at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AuditFinding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("rule", models.CharField(max_length=120)),
                ("subject_type", models.CharField(max_length=40)),
                ("subject_id", models.CharField(max_length=255)),
                ("details", models.JSONField(blank=True, default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted as it is"),
                            ("repaired", "Repaired"),
                            ("gone", "Gone by itself"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("repairs", models.PositiveSmallIntegerField(default=0)),
                ("repaired_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "resolved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "finding",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        models.F("seen_at"),
                        models.F("id"),
                        condition=models.Q(("state__in", ["accepted", "open"])),
                        name="audit_finding_standing",
                    ),
                    models.Index(
                        models.F("state"),
                        models.OrderBy(models.F("id"), descending=True),
                        name="audit_finding_by_state",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["accepted", "open"])),
                        fields=("rule", "subject_type", "subject_id"),
                        name="audit_finding_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "accepted", "repaired", "gone"])),
                        name="audit_finding_state_is_known",
                    ),
                ],
            },
        ),
    ]
