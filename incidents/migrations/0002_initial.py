import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("incidents", "0001_initial"),
        ("tracker", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="alert",
            name="acknowledged_by",
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
        migrations.AddConstraint(
            model_name="calendar",
            constraint=models.UniqueConstraint(fields=("name", "version"), name="calendar_version_is_unique"),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "person")), fields=("kind",), name="channel_of_people_is_one"
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="clock",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="alerts", to="incidents.clock"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="author",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="attachment",
            name="comment",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="attachments",
                to="incidents.comment",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="alert",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="incidents.alert",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="channel",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="deliveries", to="incidents.channel"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="digest_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="folded",
                to="incidents.delivery",
            ),
        ),
        migrations.AddConstraint(
            model_name="forecastcurve",
            constraint=models.UniqueConstraint(
                fields=("kind", "priority", "tier"), name="forecast_curve_is_one_per_group"
            ),
        ),
        migrations.AddField(
            model_name="formerkey",
            name="project",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.project"
            ),
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
        migrations.CreateModel(
            name="IncidentAnalysis",
            fields=[],
            options={
                "verbose_name_plural": "analysis",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("incidents.incident",),
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
            model_name="incidentspan",
            name="assignee",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="incidentspan",
            name="incident",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="spans", to="incidents.incident"
            ),
        ),
        migrations.AddField(
            model_name="incidentspan",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tracker.project",
            ),
        ),
        migrations.AddField(
            model_name="issue",
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
            model_name="issue",
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
            model_name="issue",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="merged",
                to="incidents.issue",
            ),
        ),
        migrations.AddField(
            model_name="issue",
            name="project",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="issues", to="tracker.project"
            ),
        ),
        migrations.AddField(
            model_name="issue",
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
            model_name="issue",
            name="watchers",
            field=models.ManyToManyField(blank=True, related_name="watched_issues", to=settings.AUTH_USER_MODEL),
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
            model_name="formerkey",
            name="issue",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="former_keys", to="incidents.issue"
            ),
        ),
        migrations.AddField(
            model_name="comment",
            name="issue",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="incidents.issue",
            ),
        ),
        migrations.AddField(
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
        migrations.AddField(
            model_name="issuelink",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links_out",
                to="incidents.issue",
            ),
        ),
        migrations.AddField(
            model_name="issuelink",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="links_in", to="incidents.issue"
            ),
        ),
        migrations.AddField(
            model_name="issuespan",
            name="assignee",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="issuespan",
            name="issue",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="spans", to="incidents.issue"
            ),
        ),
        migrations.AddField(
            model_name="issuespan",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="tracker.project",
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
        migrations.AddField(
            model_name="policyrule",
            name="calendar",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="incidents.calendar"),
        ),
        migrations.AddField(
            model_name="policytrial",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="policyversion",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="policytrial",
            name="based_on",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.policyversion",
            ),
        ),
        migrations.AddField(
            model_name="policytrial",
            name="published_as",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.policyversion",
            ),
        ),
        migrations.AddField(
            model_name="policyrule",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="incidents.policyversion"
            ),
        ),
        migrations.AddField(
            model_name="escalationstep",
            name="version",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="incidents.policyversion"
            ),
        ),
        migrations.AddField(
            model_name="clock",
            name="policy",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="incidents.policyversion",
            ),
        ),
        migrations.AddField(
            model_name="productionrule",
            name="category",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.incidentcategory"
            ),
        ),
        migrations.AddField(
            model_name="productionrule",
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
            model_name="productionrule",
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
            model_name="productionwatch",
            name="factory",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.factory"
            ),
        ),
        migrations.AddField(
            model_name="productionwatch",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="productionwatch",
            name="rule",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="watches",
                to="incidents.productionrule",
            ),
        ),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", django.db.models.functions.text.Lower("name"))), name="tag_is_in_lower_case"
            ),
        ),
        migrations.AddField(
            model_name="issue",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="issues", to="incidents.tag"),
        ),
        migrations.CreateModel(
            name="TicketForecast",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="forecast",
                        serialize=False,
                        to="incidents.ticket",
                    ),
                ),
                ("chance", models.FloatField(blank=True, help_text="empty = too few like cases to say", null=True)),
                (
                    "kind",
                    models.CharField(choices=[("response", "Response"), ("resolution", "Resolution")], max_length=10),
                ),
                ("step", models.PositiveSmallIntegerField(help_text="how many 2 % of the target were used up")),
                ("breached", models.PositiveIntegerField()),
                ("cases", models.PositiveIntegerField()),
                (
                    "likeness",
                    models.CharField(
                        choices=[
                            ("tier", "same priority and tier"),
                            ("priority", "same priority"),
                            ("all", "all tickets"),
                        ],
                        max_length=10,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="ticket",
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
            model_name="ticket",
            name="project",
            field=models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="tracker.project"
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
            model_name="comment",
            name="ticket",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="comments",
                to="incidents.ticket",
            ),
        ),
        migrations.AddField(
            model_name="clock",
            name="ticket",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="clocks",
                to="incidents.ticket",
            ),
        ),
        migrations.AddField(
            model_name="alert",
            name="ticket",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alerts",
                to="incidents.ticket",
            ),
        ),
        migrations.AddField(
            model_name="ticketevent",
            name="logged_in",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="the log line that says who sent it, when, in which request",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="tracker.event",
            ),
        ),
        migrations.AddField(
            model_name="ticketevent",
            name="ticket",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="history",
                to="incidents.ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketstatus",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ["new", "active", "waiting", "resolved", "closed"])),
                name="ticket_status_category_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                models.F("channel"),
                models.F("next_attempt_at"),
                models.F("id"),
                condition=models.Q(("status__in", ["leased", "pending"])),
                name="delivery_to_send",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                models.F("channel"), models.OrderBy(models.F("id"), descending=True), name="delivery_of_channel"
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(models.F("id"), condition=models.Q(("status", "dead")), name="delivery_dead"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("alert", "channel", "notice", "round"), name="delivery_is_one_per_notice"
            ),
        ),
        migrations.AddIndex(
            model_name="hookcall",
            index=models.Index(
                models.F("hook"), models.OrderBy(models.F("id"), descending=True), name="hook_call_of_hook"
            ),
        ),
        migrations.AddIndex(
            model_name="hookcall",
            index=models.Index(
                models.F("outcome"), models.OrderBy(models.F("id"), descending=True), name="hook_call_by_outcome"
            ),
        ),
        migrations.AddConstraint(
            model_name="hookcall",
            constraint=models.UniqueConstraint(
                condition=models.Q(("delivery_id", ""), _negated=True),
                fields=("hook", "delivery_id"),
                name="hook_call_is_taken_once",
            ),
        ),
        migrations.AddIndex(
            model_name="enrichmentrun",
            index=models.Index(
                models.F("provider"),
                models.F("next_attempt_at"),
                condition=models.Q(("state", "pending")),
                name="enrichment_due",
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
                models.F("severity"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("status", "DONE"), _negated=True),
                name="incident_open_by_severity",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                models.F("id"), condition=models.Q(("enrichment", "FAILED")), name="incident_enrichment_failed"
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
        migrations.AddIndex(
            model_name="incident",
            index=django.contrib.postgres.indexes.GistIndex(
                models.Func(models.F("longitude"), models.F("latitude"), function="point"),
                condition=models.Q(("latitude__isnull", False)),
                name="incident_at_point",
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                django.db.models.functions.text.Lower("place"),
                models.F("occurred_at"),
                condition=models.Q(("place", ""), _negated=True),
                name="incident_at_place",
            ),
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
        migrations.AddIndex(
            model_name="incidentspan",
            index=models.Index(models.F("started_at"), name="incident_span_by_start"),
        ),
        migrations.AddIndex(
            model_name="incidentspan",
            index=models.Index(
                models.F("project"),
                models.F("entered_at"),
                condition=models.Q(("status", "DONE")),
                include=("started_at", "ended_at", "age_seconds", "severity", "assignee", "incident"),
                name="incident_span_done",
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
        migrations.AddConstraint(
            model_name="formerkey",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="former_key_is_of_one_issue"),
        ),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(
                models.F("preview_key"),
                condition=models.Q(("preview_key", ""), _negated=True),
                name="attachment_preview",
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
            model_name="attachment",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_internal", False), ("incident__isnull", False), _connector="OR"),
                name="internal_attachment_is_on_an_incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="issuelink",
            constraint=models.UniqueConstraint(fields=("source", "target", "kind"), name="issue_link_is_kept_once"),
        ),
        migrations.AddConstraint(
            model_name="issuelink",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", models.F("target")), _negated=True), name="issue_link_leads_elsewhere"
            ),
        ),
        migrations.AddConstraint(
            model_name="issuelink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "relates"), _negated=True), ("source__lt", models.F("target")), _connector="OR"
                ),
                name="issue_relation_has_no_side",
            ),
        ),
        migrations.AddIndex(
            model_name="issuespan",
            index=models.Index(models.F("started_at"), name="issue_span_by_start"),
        ),
        migrations.AddIndex(
            model_name="issuespan",
            index=models.Index(
                models.F("project"),
                models.F("entered_at"),
                condition=models.Q(("status", "DONE")),
                include=("started_at", "ended_at", "age_seconds", "severity", "assignee", "issue"),
                name="issue_span_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="issuespan",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("issue",), name="issue_is_in_one_status"
            ),
        ),
        migrations.AddConstraint(
            model_name="issuespan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at__isnull", True), ("ended_at__gte", models.F("started_at")), _connector="OR"
                ),
                name="issue_span_runs_forward",
            ),
        ),
        migrations.AddIndex(
            model_name="mailmessage",
            index=models.Index(
                models.F("message_id"), condition=models.Q(("message_id", ""), _negated=True), name="mail_by_message_id"
            ),
        ),
        migrations.AddIndex(
            model_name="mailmessage",
            index=models.Index(models.F("sender"), models.F("received_at"), name="mail_of_sender"),
        ),
        migrations.AddIndex(
            model_name="policytrial",
            index=models.Index(
                models.F("id"),
                condition=models.Q(("state__in", ["pending", "running"])),
                name="policy_trial_unfinished",
            ),
        ),
        migrations.AddConstraint(
            model_name="policytrial",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "running", "ready", "failed"])),
                name="policy_trial_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="policytrial",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("result__isnull", False), ("state", "ready")),
                    models.Q(models.Q(("state", "ready"), _negated=True), ("result__isnull", True)),
                    _connector="OR",
                ),
                name="policy_trial_has_a_result_when_ready",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyrule",
            constraint=models.UniqueConstraint(fields=("version", "position"), name="policy_rule_position_is_unique"),
        ),
        migrations.AddConstraint(
            model_name="policyrule",
            constraint=models.UniqueConstraint(fields=("version", "tier", "priority"), name="policy_rule_matches_once"),
        ),
        migrations.AddConstraint(
            model_name="policyrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("response_minutes", 0), _negated=True), models.Q(("resolution_minutes", 0), _negated=True)
                ),
                name="policy_rule_targets_are_positive",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationstep",
            constraint=models.UniqueConstraint(
                fields=("version", "percent"), name="escalation_step_is_one_per_percent"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalationstep",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__gt", 0)), name="escalation_step_percent_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="productionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("percent__gt", 0), ("percent__lte", 1000), ("points__gte", 1), ("points__lte", 1000)
                ),
                name="production_rule_can_be_broken",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["low", "medium", "high", "critical"])),
                name="production_rule_severity_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="productionwatch",
            constraint=models.UniqueConstraint(fields=("rule", "factory"), name="production_is_watched_once"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.OrderBy(models.F("updated_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="issue_by_update",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("status"), models.OrderBy(models.F("id"), descending=True), name="issue_by_status"
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("severity"), models.OrderBy(models.F("id"), descending=True), name="issue_by_severity"
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("project"), models.OrderBy(models.F("id"), descending=True), name="issue_of_project"
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("reporter"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("reporter__isnull", False)),
                name="issue_of_reporter",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("assignee"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("assignee__isnull", False)),
                name="issue_of_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("status", "DONE"), _negated=True),
                name="issue_open",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.OrderBy(models.F("updated_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("status", "DONE"), _negated=True),
                name="issue_open_by_update",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="issue_by_creation",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.OrderBy(models.F("done_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("done_at__isnull", False)),
                name="issue_by_end",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(models.F("status"), models.F("severity"), name="issue_figures"),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("due_on"),
                models.F("id"),
                condition=models.Q(("due_on__isnull", False)),
                name="issue_by_due_day",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                models.F("due_on"),
                models.F("id"),
                condition=models.Q(("due_on__isnull", False), models.Q(("status", "DONE"), _negated=True)),
                name="issue_open_by_due_day",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search"], name="issue_search"),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.UniqueConstraint(fields=("project", "number"), name="issue_number_is_one_per_project"),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source", ""), _negated=True),
                fields=("source", "source_id"),
                name="issue_is_imported_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["OPEN", "TRIAGED", "IN_PROGRESS", "DONE"])),
                name="issue_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ["low", "medium", "high", "critical"])),
                name="issue_severity_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__range", (1, 3))), name="issue_priority_is_1_to_3"
            ),
        ),
        migrations.AddConstraint(
            model_name="issue",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", False), ("status", "DONE")),
                    models.Q(models.Q(("status", "DONE"), _negated=True), ("done_at__isnull", True)),
                    _connector="OR",
                ),
                name="issue_is_done_since",
            ),
        ),
        migrations.AddIndex(
            model_name="ticketforecast",
            index=models.Index(
                models.F("chance"),
                models.F("ticket"),
                condition=models.Q(("chance__isnull", False)),
                name="forecast_by_chance",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(models.F("updated_at"), models.F("id"), name="ticket_by_update"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("due_at"), models.F("id"), condition=models.Q(("is_open", True)), name="ticket_by_urgency"
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("alert_at"),
                models.F("id"),
                condition=models.Q(("alert_at__isnull", False)),
                name="ticket_by_alert",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("breach_at"),
                models.F("id"),
                condition=models.Q(("breach_at__isnull", False)),
                name="ticket_by_breach",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("assignee"),
                models.F("id"),
                condition=models.Q(("assignee__isnull", False)),
                name="ticket_of_assignee",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("project"),
                models.F("id"),
                condition=models.Q(("project__isnull", False)),
                name="ticket_of_project",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("replay_requested_at"),
                models.F("id"),
                condition=models.Q(("replay_requested_at__isnull", False)),
                name="ticket_to_replay",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(
                    models.Q(("title", ""), _negated=True),
                    models.Q(("description", ""), _negated=True),
                    _connector="OR",
                ),
                fields=["search"],
                name="ticket_search",
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
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_internal", False), ("incident__isnull", False), _connector="OR"),
                name="internal_comment_is_on_an_incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("source_id", ""), _negated=True),
                fields=("issue", "source_id"),
                name="comment_is_imported_once",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                models.F("next_check_at"), condition=models.Q(("next_check_at__isnull", False)), name="clock_to_check"
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.UniqueConstraint(fields=("ticket", "kind", "cycle"), name="clock_is_one_per_cycle"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                models.F("id"), condition=models.Q(("state__in", ["acked", "firing"])), name="alert_live"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(models.F("crossed_at"), name="alert_by_crossing"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(fields=("clock", "percent"), name="alert_is_one_per_threshold"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["firing", "acked", "resolved", "withdrawn"])),
                name="alert_state_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="ticketevent",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["received_at"], name="ticket_event_by_receipt"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticketevent",
            constraint=models.UniqueConstraint(
                fields=("ticket", "updated_at", "fingerprint"), name="ticket_event_is_kept_once"
            ),
        ),
    ]
