"""What changed on one day is found by index; built beside people who write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("incidents", "0018_history_of_stays")]

    operations = [
        AddIndexConcurrently("issuespan", models.Index("started_at", name="issue_span_by_start")),
        AddIndexConcurrently("incidentspan", models.Index("started_at", name="incident_span_by_start")),
        AddIndexConcurrently("alert", models.Index("crossed_at", name="alert_by_crossing")),
    ]
