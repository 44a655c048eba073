"""Stays tell severity, project and assignee as well; of the past the rows of today are the best that is known."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FILL = """
UPDATE incidents_{name}span s SET severity = r.severity, project_id = r.project_id, assignee_id = r.assignee_id
  FROM incidents_{name} r WHERE r.id = s.{name}_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0017_mail_of_sender"),
        ("tracker", "0004_unconfirmed_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            model_name="incidentspan",
            name="severity",
            field=models.CharField(
                choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                default="medium",
                max_length=10,
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
            model_name="issuespan",
            name="severity",
            field=models.CharField(
                choices=[("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical")],
                default="medium",
                max_length=10,
            ),
        ),
        *(migrations.RunSQL(FILL.format(name=name), migrations.RunSQL.noop) for name in ("issue", "incident")),
    ]
