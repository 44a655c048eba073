"""Incidents, what is found out about them, hooks, mail; comments and files may hang on an incident too."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tracker.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0009_issue_figures"),
        ("tracker", "0004_unconfirmed_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EnrichmentRun",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=20)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("skipped", "Nothing to look up"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("answer", models.JSONField(blank=True, default=dict)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["incident", "provider"],
            },
        ),
        migrations.CreateModel(
            name="Hook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("alertmanager", "Prometheus Alertmanager"),
                            ("grafana", "Grafana"),
                            ("sentry", "Sentry"),
                            ("github", "GitHub issues"),
                        ],
                        max_length=20,
                    ),
                ),
                ("prefix", models.CharField(editable=False, max_length=12, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "secret",
                    tracker.sealing.SealedTextField(
                        blank=True, default="", help_text="what the sender signs its calls with"
                    ),
                ),
                ("rate_per_minute", models.PositiveIntegerField(default=120)),
                ("is_enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("throttled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("throttled_count", models.PositiveBigIntegerField(default=0, editable=False)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="HookCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("received_at", models.DateTimeField(db_index=True)),
                ("content_type", models.CharField(blank=True, default="", max_length=100)),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("body", models.TextField(blank=True, default="")),
                ("body_digest", models.CharField(max_length=64)),
                (
                    "outcome",
                    models.CharField(
                        choices=[("taken", "Taken"), ("noted", "Kept, not understood"), ("refused", "Refused")],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
                ("taken", models.PositiveIntegerField(default=0, help_text="signals that became or changed something")),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="HookRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("conditions", models.JSONField(blank=True, default=dict)),
                (
                    "target",
                    models.CharField(
                        choices=[("incident", "Incident"), ("issue", "Issue"), ("ignore", "Nothing")], max_length=10
                    ),
                ),
                ("title_template", models.CharField(blank=True, default="", max_length=300)),
                ("severity_template", models.CharField(blank=True, default="", max_length=300)),
                ("is_enabled", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="HookSignal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("fingerprint", models.CharField(max_length=200)),
                ("is_open", models.BooleanField(default=True)),
                ("count", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("title", models.CharField(max_length=300)),
                ("description", models.TextField(blank=True, default="", max_length=262144)),
                ("description_html", models.TextField(blank=True, default="", editable=False)),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        default="medium",
                        max_length=10,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("OPEN", "Open"),
                            ("TRIAGED", "Triaged"),
                            ("IN_PROGRESS", "In progress"),
                            ("DONE", "Done"),
                        ],
                        default="OPEN",
                        max_length=12,
                    ),
                ),
                (
                    "enrichment",
                    models.CharField(
                        choices=[
                            ("NEW", "New"),
                            ("ENRICHING", "Enriching"),
                            ("ENRICHED", "Enriched"),
                            ("FAILED", "Failed"),
                        ],
                        default="NEW",
                        max_length=10,
                    ),
                ),
                (
                    "recovery",
                    models.CharField(
                        choices=[
                            ("unknown", "Unknown or nothing missing"),
                            ("missing", "Missing"),
                            ("recovered", "Recovered"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("place", models.CharField(blank=True, default="", max_length=300)),
                (
                    "latitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-90),
                            django.core.validators.MaxValueValidator(90),
                        ],
                    ),
                ),
                (
                    "longitude",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-180),
                            django.core.validators.MaxValueValidator(180),
                        ],
                    ),
                ),
                (
                    "loss_estimate",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                    ),
                ),
                (
                    "reporter_label",
                    models.CharField(
                        blank=True,
                        default="",
                        help_text="who reported it, where that is nobody with an account",
                        max_length=254,
                    ),
                ),
                ("ip", models.GenericIPAddressField(blank=True, editable=False, null=True)),
                ("city", models.CharField(blank=True, default="", editable=False, max_length=120)),
                ("region", models.CharField(blank=True, default="", editable=False, max_length=120)),
                ("country", models.CharField(blank=True, default="", editable=False, max_length=2)),
                ("nearest_place", models.CharField(blank=True, default="", editable=False, max_length=200)),
                ("timezone", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("attributes", models.JSONField(blank=True, default=dict, editable=False)),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("source_id", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("occurred_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("triaged_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("enriched_at", models.DateTimeField(blank=True, null=True)),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="IncidentCategory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        max_length=30,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z][a-z0-9_]{1,29}\\Z", "2 to 30 small letters, digits and underscores."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                ("position", models.PositiveSmallIntegerField(default=0, help_text="place in lists, the lowest first")),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "incident categories",
                "ordering": ["position", "key"],
            },
        ),
        migrations.CreateModel(
            name="IncidentLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("relates", "Relates to"), ("duplicates", "Duplicates"), ("caused_by", "Caused by")],
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="IncidentSpan",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("OPEN", "Open"),
                            ("TRIAGED", "Triaged"),
                            ("IN_PROGRESS", "In progress"),
                            ("DONE", "Done"),
                        ],
                        max_length=12,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("started_by", models.CharField(blank=True, max_length=120)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="LookUp",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("provider", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=200)),
                ("answer", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="MailMessage",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("message_digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("message_id", models.CharField(blank=True, default="", max_length=500)),
                ("sender", models.CharField(blank=True, default="", max_length=254)),
                ("subject", models.CharField(blank=True, default="", max_length=300)),
                ("received_at", models.DateTimeField(db_index=True)),
                ("size_bytes", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("incident", "New incident"),
                            ("issue", "New issue"),
                            ("comment", "Comment"),
                            ("bounce", "Bounce"),
                            ("loop", "Sent by a machine"),
                            ("duplicate", "Came before"),
                            ("refused", "Refused"),
                        ],
                        max_length=10,
                    ),
                ),
                ("note", models.CharField(blank=True, default="", max_length=500)),
            ],
            options={
                "verbose_name": "message",
                "ordering": ["-id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="comment",
            name="comment_is_on_one_thing",
        ),
        migrations.AddField(
            model_name="attachment",
            name="uploader_label",
            field=models.CharField(blank=True, default="", max_length=254),
        ),
        migrations.AddField(
            model_name="comment",
            name="is_internal",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="issue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attachments",
                to="incidents.issue",
            ),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="uploaded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="comment",
            name="author_label",
            field=models.CharField(blank=True, default="", max_length=254),
        ),
        migrations.AddField(
            model_name="hook",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracker.project",
            ),
        ),
        migrations.AddField(
            model_name="hookcall",
            name="hook",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="incidents.hook"
            ),
        ),
        migrations.AddField(
            model_name="hookrule",
            name="hook",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rules",
                to="incidents.hook",
            ),
        ),
        migrations.AddField(
            model_name="hookrule",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracker.project",
            ),
        ),
        migrations.AddField(
            model_name="hooksignal",
            name="hook",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="signals", to="incidents.hook"
            ),
        ),
        migrations.AddField(
            model_name="hooksignal",
            name="issue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="signals",
                to="incidents.issue",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="assignee",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="factory",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracker.factory",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="project",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tracker.project",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="reporter",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="hooksignal",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="signals",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="enrichmentrun",
            name="incident",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="enrichments",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attachments",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="incidents.incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("incident__isnull", True), ("issue__isnull", False)),
                    models.Q(("incident__isnull", False), ("issue__isnull", True)),
                    _connector="OR",
                ),
                name="attachment_is_on_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("incident__isnull", True), ("issue__isnull", False), ("ticket__isnull", True)),
                    models.Q(("incident__isnull", True), ("issue__isnull", True), ("ticket__isnull", False)),
                    models.Q(("incident__isnull", False), ("issue__isnull", True), ("ticket__isnull", True)),
                    _connector="OR",
                ),
                name="comment_is_on_one_thing",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="category",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="incidents.incidentcategory",
            ),
        ),
        migrations.AddField(
            model_name="hookrule",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="incidents.incidentcategory",
            ),
        ),
        migrations.AddField(
            model_name="hook",
            name="category",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="incidents.incidentcategory",
            ),
        ),
        migrations.AddField(
            model_name="incidentlink",
            name="incident",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="incidentlink",
            name="issue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="incident_links",
                to="incidents.issue",
            ),
        ),
        migrations.AddField(
            model_name="incidentlink",
            name="other",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links_in",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="incidentlink",
            name="ticket",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="incident_links",
                to="incidents.ticket",
            ),
        ),
        migrations.AddField(
            model_name="incidentspan",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="spans", to="incidents.incident"
            ),
        ),
        migrations.AddConstraint(
            model_name="lookup",
            constraint=models.UniqueConstraint(fields=("provider", "key"), name="look_up_is_kept_once"),
        ),
        migrations.AddField(
            model_name="mailmessage",
            name="comment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="mails",
                to="incidents.comment",
            ),
        ),
        migrations.AddField(
            model_name="mailmessage",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="mails",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="mailmessage",
            name="issue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="mails",
                to="incidents.issue",
            ),
        ),
        migrations.AddIndex(
            model_name="hookcall",
            index=models.Index(
                models.F("hook"), models.OrderBy(models.F("id"), descending=True), name="hook_call_of_hook"
            ),
        ),
        migrations.AddIndex(
            model_name="hooksignal",
            index=models.Index(
                models.F("hook"),
                models.F("fingerprint"),
                models.OrderBy(models.F("id"), descending=True),
                name="hook_signal_of_fingerprint",
            ),
        ),
        migrations.AddConstraint(
            model_name="hooksignal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_open", True)), fields=("hook", "fingerprint"), name="hook_signal_is_open_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="hooksignal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("is_open", True)),
                    models.Q(("closed_at__isnull", False), ("is_open", False)),
                    _connector="OR",
                ),
                name="hook_signal_is_closed_since",
            ),
        ),
        migrations.AddIndex(
            model_name="enrichmentrun",
            index=models.Index(
                models.F("next_attempt_at"), condition=models.Q(("state", "pending")), name="enrichment_due"
            ),
        ),
        migrations.AddIndex(
            model_name="enrichmentrun",
            index=models.Index(
                models.F("leased_until"), condition=models.Q(("state", "running")), name="enrichment_leased"
            ),
        ),
        migrations.AddConstraint(
            model_name="enrichmentrun",
            constraint=models.UniqueConstraint(fields=("incident", "provider"), name="enrichment_is_one_per_provider"),
        ),
        migrations.AddConstraint(
            model_name="enrichmentrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "done", "skipped", "failed"])),
                name="enrichment_state_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.OrderBy(models.F("updated_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="incident_by_update",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.OrderBy(models.F("occurred_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="incident_by_occurrence",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="incident_by_report",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.F("category"),
                models.OrderBy(models.F("occurred_at"), descending=True),
                name="incident_of_category",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.F("status"), models.OrderBy(models.F("id"), descending=True), name="incident_by_status"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.F("reporter"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("reporter__isnull", False)),
                name="incident_of_reporter",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.F("assignee"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("assignee__isnull", False)),
                name="incident_of_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.OrderBy(models.F("updated_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("status", "DONE"), _negated=True),
                name="incident_open_by_update",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.F("id"), condition=models.Q(("enrichment__in", ("NEW", "ENRICHING"))), name="incident_unenriched"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="incident_search"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", ""), _negated=True),
                fields=("source", "source_id"),
                name="incident_is_imported_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["OPEN", "TRIAGED", "IN_PROGRESS", "DONE"])),
                name="incident_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["low", "medium", "high", "critical"])),
                name="incident_severity_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("enrichment__in", ["NEW", "ENRICHING", "ENRICHED", "FAILED"])),
                name="incident_enrichment_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("recovery__in", ["unknown", "missing", "recovered"])),
                name="incident_recovery_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("latitude__isnull", True), ("longitude__isnull", True)),
                    models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                    _connector="OR",
                ),
                name="incident_is_on_earth",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("loss_estimate__isnull", True), ("loss_estimate__gte", 0), _connector="OR"),
                name="incident_loss_is_no_gain",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", False), ("status", "DONE")),
                    models.Q(models.Q(("status", "DONE"), _negated=True), ("done_at__isnull", True)),
                    _connector="OR",
                ),
                name="incident_is_done_since",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("issue__isnull", False), ("other__isnull", True), ("ticket__isnull", True)),
                    models.Q(("issue__isnull", True), ("other__isnull", True), ("ticket__isnull", False)),
                    models.Q(("issue__isnull", True), ("other__isnull", False), ("ticket__isnull", True)),
                    _connector="OR",
                ),
                name="incident_link_has_one_target",
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentlink",
            constraint=models.UniqueConstraint(
                fields=("incident", "kind", "issue", "ticket", "other"),
                name="incident_link_is_kept_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("incident", models.F("other")), _negated=True), name="incident_link_leads_elsewhere"
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentspan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("incident",), name="incident_is_in_one_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="incidentspan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gte", models.F("started_at")), _connector="OR"
                ),
                name="incident_span_runs_forward",
            ),
        ),
    ]
