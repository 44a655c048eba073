"""One more kind of notification. The check is validated in a step of its own: here nothing is read through."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

KINDS = [
    ("assigned", "Assigned to me"),
    ("mentioned", "I am mentioned"),
    ("watched", "Something I watch has changed"),
    ("report_ready", "A report that I asked for is ready"),
    ("operation", "Something needs an operator"),
    ("confirm_email", "Confirm the e-mail address"),
    ("reset_password", "Set a new password"),
    ("account_exists", "Somebody tried to register this address"),
]
# What the release before does not know goes with the way back.
FORGET = """
DELETE FROM tracker_notification WHERE kind = 'operation';
DELETE FROM tracker_notificationpreference WHERE kind = 'operation';
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0003_processes")]
    operations = [
        migrations.RemoveConstraint(model_name="notification", name="notification_kind_is_known"),
        migrations.RunSQL(migrations.RunSQL.noop, FORGET),
        migrations.AlterField(
            model_name="notification", name="kind", field=models.CharField(choices=KINDS, max_length=20)
        ),
        migrations.AlterField(
            model_name="notificationpreference", name="kind", field=models.CharField(choices=KINDS, max_length=20)
        ),
        AddConstraintNotValid(
            model_name="notification",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [kind for kind, _ in KINDS])), name="notification_kind_is_known"
            ),
        ),
    ]
