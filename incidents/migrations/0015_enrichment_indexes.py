"""Work is claimed by provider, and likely duplicates are looked for near by."""

import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0014_hook_calls_once"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="enrichmentrun", name="enrichment_due"),
        migrations.AddIndex(
            model_name="enrichmentrun",
            index=models.Index("provider", "next_attempt_at", name="enrichment_due", condition=Q(state="pending")),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=django.contrib.postgres.indexes.GistIndex(
                Func(F("longitude"), F("latitude"), function="point"),
                name="incident_at_point",
                condition=Q(latitude__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(Lower("place"), "occurred_at", name="incident_at_place", condition=~Q(place="")),
        ),
    ]
