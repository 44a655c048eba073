"""Whose points were corrected is judged anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0007_report_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="factory",
            name="corrected_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
