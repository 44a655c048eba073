"""Whose points were corrected is judged anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0026_events_by_receipt"),
    ]

    operations = [
        migrations.AddField(
            model_name="productionwatch",
            name="corrected_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
