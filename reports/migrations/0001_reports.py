"""Reports. What a finished one says cannot be rewritten, by anyone: PostgreSQL refuses. It can be deleted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORBID = """
CREATE FUNCTION reports_report_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Its project may go; all else stays.
    NEW.project_id := OLD.project_id;
    IF NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'A finished report does not change.' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.project_id := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_report_final BEFORE UPDATE ON reports_report
    FOR EACH ROW WHEN (OLD.state IN ('ready', 'failed', 'cancelled')) EXECUTE FUNCTION reports_report_is_final();
"""
ALLOW = """
DROP TRIGGER reports_report_final ON reports_report;
DROP FUNCTION reports_report_is_final();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tracker", "0004_unconfirmed_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        models.F("owner"), models.OrderBy(models.F("id"), descending=True), name="report_of_owner"
                    ),
                    models.Index(
                        models.F("owner"),
                        models.F("id"),
                        condition=models.Q(("state", "pending")),
                        name="report_waiting",
                    ),
                    models.Index(
                        models.F("leased_until"), condition=models.Q(("state", "running")), name="report_leased"
                    ),
                    models.Index(
                        models.F("file_key"), condition=models.Q(("file_key", ""), _negated=True), name="report_by_file"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["pending", "running"])),
                        fields=("owner", "digest"),
                        name="report_is_asked_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["pending", "running", "ready", "failed", "cancelled"])),
                        name="report_state_is_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                ("as_of__isnull", False),
                                ("result__isnull", False),
                                models.Q(("content_hash", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="report_that_is_ready_says_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), _negated=True),
                            models.Q(("error", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="report_that_failed_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["pending", "running"]), ("finished_at__isnull", True)),
                            models.Q(
                                models.Q(("state__in", ["pending", "running"]), _negated=True),
                                ("finished_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="report_ends_when_it_is_finished",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORBID, ALLOW),
    ]
