"""Lead times read an index alone: one project's or everybody's; built beside people who write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

TOLD = ["started_at", "ended_at", "age_seconds", "severity", "assignee"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("incidents", "0022_age_of_stays")]

    operations = [
        AddIndexConcurrently(
            f"{name}span",
            models.Index(
                "project",
                "entered_at",
                include=[*TOLD, name],
                condition=models.Q(status="DONE"),
                name=f"{name}_span_done",
            ),
        )
        for name in ("issue", "incident")
    ]
