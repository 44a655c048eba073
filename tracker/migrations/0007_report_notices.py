"""People are told of the reports that they asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0006_series_of_factories"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notification",
            name="notification_kind_is_known",
        ),
        migrations.AlterField(
            model_name="notification",
            name="kind",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="notificationpreference",
            name="kind",
            field=models.CharField(
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
    ]
