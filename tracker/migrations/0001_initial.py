import uuid

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import tracker.models.events
import tracker.models.users
from tracker.partitions import EVENTS, partition_by_month


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="SweepHeartbeat",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("duration_seconds", models.FloatField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("runs_total", models.BigIntegerField(default=0)),
                ("rows_total", models.BigIntegerField(default=0)),
                ("duration_seconds_total", models.FloatField(default=0)),
                ("last_error", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="e-mail")),
                ("full_name", models.CharField(blank=True, max_length=150)),
                (
                    "role",
                    models.CharField(
                        choices=[("reporter", "Reporter"), ("maintainer", "Maintainer"), ("admin", "Admin")],
                        default="reporter",
                        max_length=20,
                    ),
                ),
                (
                    "timezone",
                    models.CharField(default="UTC", max_length=64, validators=[tracker.models.users.validate_timezone]),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("email_confirmed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("is_unconfirmed", models.BooleanField(default=False, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "ordering": ["email"],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("prefix", models.CharField(editable=False, max_length=12, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("ingest", "Send tickets"),
                                ("read", "Read"),
                                ("issues", "Create issues"),
                                ("incidents", "Create incidents"),
                                ("ack", "Acknowledge alerts"),
                                ("reports", "Make and read reports"),
                                ("catalog", "Write factories and sprockets"),
                                ("stream", "Listen to the live stream"),
                            ],
                            max_length=20,
                        ),
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="api_tokens",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "xid",
                    tracker.models.events.TransactionIdField(
                        db_default=tracker.models.events.CurrentTransactionId(), editable=False
                    ),
                ),
                ("at", models.DateTimeField()),
                ("verb", models.CharField(max_length=60)),
                ("actor_label", models.CharField(max_length=120)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("object_type", models.CharField(blank=True, max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=128)),
                (
                    "before",
                    models.JSONField(blank=True, encoder=django.core.serializers.json.DjangoJSONEncoder, null=True),
                ),
                (
                    "after",
                    models.JSONField(blank=True, encoder=django.core.serializers.json.DjangoJSONEncoder, null=True),
                ),
                (
                    "data",
                    models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        partition_by_month(EVENTS),
        migrations.CreateModel(
            name="Factory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, unique=True)),
                ("place", models.CharField(blank=True, max_length=200)),
                (
                    "timezone",
                    models.CharField(default="UTC", max_length=64, validators=[tracker.models.users.validate_timezone]),
                ),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("source_id", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("points_count", models.PositiveIntegerField(default=0, editable=False)),
                ("last_point_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("series_changed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("corrected_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "factories",
                "ordering": ["name"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        fields=("source", "source_id"),
                        name="factory_is_imported_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "caller",
                    models.CharField(help_text="user:ID or token:ID; keys of two callers never meet", max_length=80),
                ),
                ("key", models.CharField(max_length=255)),
                ("request_digest", models.BinaryField(max_length=32)),
                ("response_status", models.PositiveSmallIntegerField(null=True)),
                ("response_body", models.BinaryField(null=True)),
                ("response_headers", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("caller", "key"), name="idempotency_key_is_one_per_caller")
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80)),
                ("window_started_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("key", "window_started_at"), name="login_attempt_is_one_per_window")
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("refresh_jti", models.UUIDField()),
                ("created_at", models.DateTimeField()),
                ("refreshed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_because", models.CharField(blank=True, max_length=40)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="login_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("assigned", "Assigned to me"),
                            ("mentioned", "I am mentioned"),
                            ("watched", "Something I watch has changed"),
                            ("report_ready", "A report that I asked for is ready"),
                            ("confirm_email", "Confirm the e-mail address"),
                            ("reset_password", "Set a new password"),
                            ("account_exists", "Somebody tried to register this address"),
                        ],
                        max_length=20,
                    ),
                ),
                ("object_type", models.CharField(blank=True, max_length=40)),
                ("object_id", models.CharField(blank=True, max_length=128)),
                ("headline", models.CharField(max_length=200)),
                ("body", models.TextField(blank=True, max_length=2000)),
                ("actor_label", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField()),
                ("is_listed", models.BooleanField(default=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                ("mail_at", models.DateTimeField(blank=True, null=True)),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("assigned", "Assigned to me"),
                            ("mentioned", "I am mentioned"),
                            ("watched", "Something I watch has changed"),
                            ("report_ready", "A report that I asked for is ready"),
                            ("confirm_email", "Confirm the e-mail address"),
                            ("reset_password", "Set a new password"),
                            ("account_exists", "Somebody tried to register this address"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_listed", models.BooleanField(default=True, verbose_name="in my list")),
                (
                    "mail",
                    models.CharField(
                        choices=[("never", "Never"), ("at_once", "At once"), ("daily", "Once a day")],
                        default="at_once",
                        max_length=10,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProductionPoint",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("actual", models.FloatField()),
                ("goal", models.FloatField()),
                (
                    "factory",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="points",
                        to="tracker.factory",
                    ),
                ),
            ],
            options={
                "ordering": ["factory", "at"],
            },
        ),
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(
                        max_length=12,
                        unique=True,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z][A-Z0-9]{1,11}\\Z", "2 to 12 capitals and digits."
                            )
                        ],
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("last_issue_number", models.PositiveIntegerField(default=0, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("members", models.ManyToManyField(blank=True, related_name="projects", to=settings.AUTH_USER_MODEL)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["key"],
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(help_text="the list it is for, such as issue", max_length=40)),
                ("name", models.CharField(max_length=60)),
                ("query", models.CharField(blank=True, help_text="the query string of the list", max_length=2000)),
                ("is_shared", models.BooleanField(default=False, verbose_name="shared with everybody")),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="saved_views",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Sprocket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, default="", max_length=120)),
                ("teeth", models.PositiveIntegerField()),
                ("pitch_diameter", models.FloatField()),
                ("outside_diameter", models.FloatField()),
                ("pitch", models.FloatField()),
                ("source", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("source_id", models.CharField(blank=True, default="", editable=False, max_length=100)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        fields=("source", "source_id"),
                        name="sprocket_is_imported_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("outside_diameter__gt", 0),
                            ("outside_diameter__lte", 1000000000000.0),
                            ("pitch__gt", 0),
                            ("pitch__lte", 1000000000000.0),
                            ("pitch_diameter__gt", 0),
                            ("pitch_diameter__lte", 1000000000000.0),
                            ("teeth__gt", 0),
                        ),
                        name="sprocket_has_measures",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"), name="user_email_is_unique_in_any_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["reporter", "maintainer", "admin"])), name="user_role_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        ["ingest", "read", "issues", "incidents", "ack", "reports", "catalog", "stream"],
                    )
                ),
                name="api_token_scopes_are_known",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(models.F("xid"), models.F("id"), name="event_in_commit_order"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                models.F("object_type"),
                models.F("object_id"),
                models.OrderBy(models.F("id"), descending=True),
                name="event_of_object",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(models.F("verb"), models.OrderBy(models.F("id"), descending=True), name="event_by_verb"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="event_by_time"),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                models.F("recipient"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("is_listed", True)),
                name="notification_of",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                models.F("recipient"),
                condition=models.Q(("is_listed", True), ("read_at__isnull", True)),
                name="notification_unread",
            ),
        ),
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                models.F("mail_at"),
                models.F("recipient"),
                condition=models.Q(("mail_at__isnull", False)),
                name="notification_to_mail",
            ),
        ),
        migrations.AddConstraint(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "assigned",
                            "mentioned",
                            "watched",
                            "report_ready",
                            "confirm_email",
                            "reset_password",
                            "account_exists",
                        ],
                    )
                ),
                name="notification_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notificationpreference",
            constraint=models.UniqueConstraint(fields=("person", "kind"), name="preference_is_one_per_kind"),
        ),
        migrations.AddConstraint(
            model_name="productionpoint",
            constraint=models.UniqueConstraint(fields=("factory", "at"), name="production_is_told_once"),
        ),
        migrations.AddConstraint(
            model_name="productionpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("actual__gte", -1000000000000.0),
                    ("actual__lte", 1000000000000.0),
                    ("goal__gte", -1000000000000.0),
                    ("goal__lte", 1000000000000.0),
                ),
                name="production_is_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                fields=("owner", "page", "name"), name="saved_view_name_is_one_per_owner"
            ),
        ),
    ]
