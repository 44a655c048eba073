import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.core.validators
from django.db import migrations, models

import tracker.sealing
from tracker.partitions import TICKET_EVENTS, partition_by_month


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("response", "Response"), ("resolution", "Resolution")], max_length=10),
                ),
                ("cycle", models.PositiveSmallIntegerField()),
                ("percent", models.DecimalField(decimal_places=2, max_digits=7)),
                (
                    "sla_state",
                    models.CharField(choices=[("ok", "OK"), ("alert", "Alert"), ("breach", "Breach")], max_length=10),
                ),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "channels",
                    models.JSONField(
                        blank=True, default=list, help_text="names the step asks for; empty = all that match"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("firing", "Firing"),
                            ("acked", "Acknowledged"),
                            ("resolved", "Resolved"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="firing",
                        max_length=10,
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("crossed_at", models.DateTimeField()),
                ("fired_at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("details", models.JSONField(default=dict, help_text="elapsed_minutes, target_minutes, percent_used")),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("is_internal", models.BooleanField(db_default=False, default=False, editable=False)),
                ("uploader_label", models.CharField(blank=True, default="", max_length=254)),
                ("name", models.CharField(help_text="as the uploader called it, made harmless", max_length=150)),
                ("storage_key", models.CharField(editable=False, max_length=120, unique=True)),
                ("preview_key", models.CharField(blank=True, default="", editable=False, max_length=120)),
                ("content_type", models.CharField(max_length=100)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("version", models.PositiveIntegerField(default=1)),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                (
                    "hours",
                    models.JSONField(
                        blank=True, help_text='{"mon": [["09:00", "17:00"]], …}; empty = round the clock', null=True
                    ),
                ),
                ("holiday_country", models.CharField(blank=True, default="", max_length=2)),
                ("holiday_subdivision", models.CharField(blank=True, default="", max_length=10)),
                ("extra_holidays", models.JSONField(blank=True, default=list, help_text='["2026-12-24", …]')),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["name", "-version"],
            },
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("slack", "Slack"),
                            ("webhook", "Webhook"),
                            ("email", "E-mail"),
                            ("person", "Letters to people"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "url",
                    tracker.sealing.SealedTextField(
                        help_text="https address, or the e-mail addresses, comma separated", max_length=2000
                    ),
                ),
                (
                    "secret",
                    tracker.sealing.SealedTextField(
                        blank=True, help_text="signs the webhook's body (HMAC-SHA256)", max_length=200
                    ),
                ),
                (
                    "filters",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='{"states": [], "priorities": [], "tiers": [], "projects": [], "min_level": 1}',
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True, verbose_name="enabled")),
                ("muted_until", models.DateTimeField(blank=True, null=True)),
                ("next_send_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("consecutive_failures", models.PositiveIntegerField(default=0, editable=False)),
                ("last_success_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_failure_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_error", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "broken_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="since when nothing gets through for good; told once",
                        null=True,
                    ),
                ),
                ("deleted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(choices=[("response", "Response"), ("resolution", "Resolution")], max_length=10),
                ),
                ("cycle", models.PositiveSmallIntegerField(default=1)),
                ("target_minutes", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                            ("void", "Void: the history no longer knows this cycle"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True, choices=[("met", "Met"), ("breached", "Breached")], max_length=10, null=True
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("elapsed_seconds", models.FloatField(default=0, help_text="working time used up to anchor_at")),
                ("anchor_at", models.DateTimeField(help_text="the stop, or the last thing said about the ticket")),
                (
                    "crossings",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(null=True), default=list, size=None
                    ),
                ),
                ("alerted_percent", models.DecimalField(decimal_places=2, default=0, max_digits=7)),
                ("escalation_level", models.PositiveSmallIntegerField(default=0)),
                ("next_check_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Comment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("is_internal", models.BooleanField(db_default=False, default=False)),
                ("author_label", models.CharField(blank=True, default="", max_length=254)),
                ("body", models.TextField(max_length=65536)),
                ("body_html", models.TextField(blank=True, default="", editable=False)),
                ("source_id", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("created_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "notice",
                    models.CharField(
                        choices=[
                            ("fired", "Alert fired"),
                            ("resolved", "Alert resolved"),
                            ("withdrawn", "Alert withdrawn"),
                            ("test", "Test message"),
                            ("dead_letter", "A channel stopped working"),
                            ("letter", "Letter to a person"),
                        ],
                        max_length=12,
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1)),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "payload",
                    models.JSONField(blank=True, help_text="what to say where there is no alert behind it", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("leased", "Being sent"),
                            ("sent", "Sent"),
                            ("dead", "Dead"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("response_status", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("last_error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["-id"],
            },
        ),
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
            name="EscalationStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("percent", models.DecimalField(decimal_places=2, max_digits=7)),
                ("state", models.CharField(choices=[("alert", "Alert"), ("breach", "Breach")], max_length=10)),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60),
                        blank=True,
                        default=list,
                        help_text="names; empty = every channel that matches",
                        size=None,
                    ),
                ),
            ],
            options={
                "ordering": ["percent"],
            },
        ),
        migrations.CreateModel(
            name="ForecastCurve",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("response", "Response"), ("resolution", "Resolution")], max_length=10),
                ),
                ("priority", models.CharField(blank=True, default="", max_length=40)),
                ("tier", models.CharField(blank=True, default="", max_length=40)),
                ("breached", models.PositiveIntegerField()),
                (
                    "still_open",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), help_text="for each 2 % of the target", size=None
                    ),
                ),
                ("days", models.PositiveSmallIntegerField(help_text="of how many last days these are")),
                ("learned_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="FormerKey",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
            ],
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
                ("delivery_id", models.CharField(blank=True, default="", max_length=100)),
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
                ("text_digest", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("told_count", models.PositiveSmallIntegerField(default=0, editable=False)),
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
                ("source_marks", models.JSONField(blank=True, editable=False, null=True)),
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
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        default="medium",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("started_by", models.CharField(blank=True, max_length=120)),
                ("entered_at", models.DateTimeField(editable=False, null=True)),
                ("age_seconds", models.BigIntegerField(editable=False, null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Issue",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField(editable=False)),
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
                    "priority",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="1 first, 3 last",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3),
                        ],
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
                    "reporter_label",
                    models.CharField(blank=True, default="", help_text="who reported it elsewhere", max_length=120),
                ),
                ("due_on", models.DateField(blank=True, null=True)),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("source_id", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("source_updated_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("triaged_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("search", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="IssueLink",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("duplicates", "Duplicates"), ("blocks", "Blocks"), ("relates", "Relates to")],
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="IssueSpan",
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
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        default="medium",
                        max_length=10,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("started_by", models.CharField(blank=True, max_length=120)),
                ("entered_at", models.DateTimeField(editable=False, null=True)),
                ("age_seconds", models.BigIntegerField(editable=False, null=True)),
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
        migrations.CreateModel(
            name="PolicyRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("tier", models.CharField(default="*", help_text="* = any", max_length=40)),
                ("priority", models.CharField(default="*", help_text="* = any", max_length=40)),
                ("response_minutes", models.PositiveIntegerField(blank=True, null=True)),
                ("resolution_minutes", models.PositiveIntegerField(blank=True, null=True)),
                ("pauses_when_waiting", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="PolicyTrial",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("document", models.JSONField(help_text="rules, calendars and steps, as the log shows a version")),
                (
                    "calendar",
                    models.CharField(
                        blank=True, default="", help_text="the calendar that is changed, if one", max_length=60
                    ),
                ),
                (
                    "applies_to",
                    models.CharField(
                        choices=[
                            ("new", "New tickets only"),
                            ("open", "Open tickets too, time used so far carried over"),
                            ("rebase", "Open tickets too, recomputed from their start"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("effective_at", models.DateTimeField(blank=True, help_text="empty = at once", null=True)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("backtest_days", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("running", "Running"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("progress_done", models.PositiveIntegerField(default=0)),
                ("progress_total", models.PositiveIntegerField(default=0)),
                ("work", models.JSONField(blank=True, editable=False, null=True)),
                ("result", models.JSONField(blank=True, null=True)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("lease", models.UUIDField(blank=True, editable=False, null=True)),
                ("leased_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "verbose_name": "SLA preview",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(unique=True)),
                ("effective_at", models.DateTimeField()),
                (
                    "applies_to",
                    models.CharField(
                        choices=[
                            ("new", "New tickets only"),
                            ("open", "Open tickets too, time used so far carried over"),
                            ("rebase", "Open tickets too, recomputed from their start"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("default", "Built in"), ("file", "File"), ("admin", "Admin")], max_length=10
                    ),
                ),
                ("digest", models.CharField(blank=True, help_text="SHA-256 of what it says", max_length=64)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "SLA policy version",
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="ProductionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80, unique=True)),
                ("percent", models.FloatField(default=80)),
                (
                    "points",
                    models.PositiveIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                        default="medium",
                        max_length=10,
                    ),
                ),
                ("is_enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ProductionWatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
                ("corrected_at", models.DateTimeField(blank=True, null=True)),
                ("low_count", models.PositiveIntegerField(default=0)),
                ("is_alarmed", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SLAConfigFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=500, unique=True)),
                ("applied_digest", models.CharField(blank=True, max_length=64)),
                ("applied_at", models.DateTimeField(null=True)),
                ("refused_digest", models.CharField(blank=True, max_length=64)),
                ("refused_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "SLA file",
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=50, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("external_id", models.CharField(max_length=128, unique=True, verbose_name="id")),
                ("priority", models.CharField(max_length=40)),
                ("customer_tier", models.CharField(max_length=40)),
                ("status", models.CharField(max_length=60)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("active", "Active"),
                            ("waiting", "Waiting"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(blank=True, default="", max_length=300)),
                ("description", models.TextField(blank=True, default="")),
                ("url", models.CharField(blank=True, default="", max_length=2000)),
                (
                    "sender_assignee",
                    models.CharField(blank=True, default="", help_text="whom the sender names", max_length=200),
                ),
                ("attributes", models.JSONField(blank=True, default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("sequence", models.BigIntegerField(blank=True, null=True)),
                ("received_at", models.DateTimeField(help_text="when the first event of this ticket reached us")),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("alert_at", models.DateTimeField(blank=True, null=True)),
                ("breach_at", models.DateTimeField(blank=True, null=True)),
                ("is_open", models.BooleanField(default=True)),
                ("has_sla", models.BooleanField(default=True)),
                ("replay_requested_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.SearchVector(
                            models.F("title"), models.F("description"), config="simple"
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="TicketEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "fingerprint",
                    models.BinaryField(help_text="BLAKE2b of the event's canonical content", max_length=16),
                ),
                ("updated_at", models.DateTimeField()),
                ("sequence", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                ("priority", models.CharField(max_length=40)),
                ("customer_tier", models.CharField(max_length=40)),
                ("status", models.CharField(max_length=60)),
                ("extra", models.JSONField(help_text="the optional fields that were sent", null=True)),
                ("received_at", models.DateTimeField()),
            ],
        ),
        partition_by_month(TICKET_EVENTS),
        migrations.CreateModel(
            name="TicketStatus",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(editable=False, help_text="the name, case folded", max_length=60, unique=True),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("active", "Active"),
                            ("waiting", "Waiting"),
                            ("resolved", "Resolved"),
                            ("closed", "Closed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_guessed", models.BooleanField(default=True, verbose_name="guessed, please check")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "ticket statuses",
                "ordering": ["key"],
            },
        ),
    ]
