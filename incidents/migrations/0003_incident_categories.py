"""The categories that every installation begins with; admins rename, add and archive."""

from django.db import migrations

CATEGORIES = (
    ("theft", "Theft"),
    ("suspicious", "Suspicious"),
    ("vandalism", "Vandalism"),
    ("safety", "Safety"),
    ("outage", "Outage"),
    ("other", "Other"),
)


def add_categories(apps, schema_editor):
    model = apps.get_model("incidents", "IncidentCategory")
    rows = [model(key=key, name=name, position=place * 10) for place, (key, name) in enumerate(CATEGORIES, start=1)]
    model.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0002_initial"),
    ]

    operations = [
        migrations.RunPython(add_categories, migrations.RunPython.noop),
    ]
