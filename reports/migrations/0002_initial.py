import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("reports", "0001_initial"),
        ("tracker", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="dailystat",
            name="project",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="tracker.project",
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reports",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="report",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tracker.project",
            ),
        ),
        migrations.AddField(
            model_name="reportmailing",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="reportmailing",
            name="report",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="mailings", to="reports.report"
            ),
        ),
        migrations.AddIndex(
            model_name="dailystat",
            index=models.Index(models.F("measure"), models.F("day"), name="daily_stat_of_measure"),
        ),
        migrations.AddIndex(
            model_name="dailystat",
            index=models.Index(models.F("day"), models.F("id"), name="daily_stat_by_day"),
        ),
        migrations.AddConstraint(
            model_name="dailystat",
            constraint=models.UniqueConstraint(
                fields=("project", "measure", "day"), name="daily_stat_is_one_per_day", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="dailystat",
            constraint=models.CheckConstraint(
                condition=models.Q(("measure__in", ["issues", "incidents", "tickets", "sla"])),
                name="daily_stat_measure_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("owner"), models.OrderBy(models.F("id"), descending=True), name="report_of_owner"
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("owner"), models.F("id"), condition=models.Q(("state", "pending")), name="report_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("leased_until"), condition=models.Q(("state", "running")), name="report_leased"
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                models.F("file_key"), condition=models.Q(("file_key", ""), _negated=True), name="report_by_file"
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["pending", "running"])),
                fields=("owner", "digest"),
                name="report_is_asked_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "ready", "failed", "cancelled"])),
                name="report_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="report_that_failed_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["pending", "running"]), ("finished_at__isnull", True)),
                    models.Q(
                        models.Q(("state__in", ["pending", "running"]), _negated=True), ("finished_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="report_ends_when_it_is_finished",
            ),
        ),
        migrations.AddIndex(
            model_name="reportmailing",
            index=models.Index(
                models.F("id"), condition=models.Q(("posted_at__isnull", True)), name="report_mailing_owed"
            ),
        ),
    ]
