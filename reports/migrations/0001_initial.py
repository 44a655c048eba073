from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

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
            ],
            options={
                "verbose_name": "daily figures",
                "verbose_name_plural": "daily figures",
                "ordering": ["-day", "measure", models.OrderBy(models.F("project"), nulls_first=True)],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("parameters", models.JSONField(blank=True, default=dict)),
                ("digest", models.CharField(max_length=64)),
                ("owner_label", models.CharField(max_length=120)),
                (
                    "owner_role",
                    models.CharField(
                        blank=True,
                        choices=[("reporter", "Reporter"), ("maintainer", "Maintainer"), ("admin", "Admin")],
                        default="",
                        max_length=20,
                    ),
                ),
                ("schedule", models.CharField(blank=True, default="", max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("progress_done", models.PositiveIntegerField(default=0)),
                ("progress_total", models.PositiveIntegerField(default=0)),
                ("as_of", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("result", models.JSONField(blank=True, null=True)),
                ("content_hash", models.CharField(blank=True, default="", max_length=64)),
                ("policy_versions", models.JSONField(blank=True, default=list)),
                ("file_name", models.CharField(blank=True, default="", max_length=255)),
                ("file_key", models.CharField(blank=True, default="", max_length=255)),
                ("file_type", models.CharField(blank=True, default="", max_length=100)),
                ("file_bytes", models.BigIntegerField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReportMailing",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "file_format",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("csv", "CSV"),
                            ("xlsx", "Excel (XLSX)"),
                            ("json", "JSON"),
                            ("jsonl", "JSON Lines"),
                            ("parquet", "Parquet"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("posted_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReportRound",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("schedule", models.CharField(max_length=200, unique=True)),
                ("times", models.CharField(max_length=100)),
                ("due_at", models.DateTimeField()),
            ],
        ),
    ]
