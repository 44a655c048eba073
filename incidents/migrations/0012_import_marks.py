"""What an import's source said before, so that an import after it can tell news from people's changes; and incidents as
figures, which have a page of their own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0011_incident_categories"),
    ]

    operations = [
        migrations.CreateModel(
            name="IncidentAnalysis",
            fields=[],
            options={"verbose_name_plural": "analysis", "proxy": True, "indexes": [], "constraints": []},
            bases=("incidents.incident",),
        ),
        migrations.AddField(
            model_name="incident",
            name="source_marks",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
