"""Indexes for figures and for dates that match little, built beside people who write."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("incidents", "0008_former_keys")]

    operations = [
        AddIndexConcurrently(
            model_name="issue",
            index=models.Index(F("created_at").desc(), F("id").desc(), name="issue_by_creation"),
        ),
        AddIndexConcurrently(
            model_name="issue",
            index=models.Index(
                F("done_at").desc(), F("id").desc(), name="issue_by_end", condition=models.Q(done_at__isnull=False)
            ),
        ),
        AddIndexConcurrently(
            model_name="issue",
            index=models.Index("status", "severity", name="issue_figures"),
        ),
    ]
