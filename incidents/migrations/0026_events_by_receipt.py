"""What came after a moment is found without reading the whole history; built beside people who write."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("incidents", "0025_open_rows_by_kind")]

    operations = [
        AddIndexConcurrently(
            "ticketevent",
            BrinIndex(fields=["received_at"], autosummarize=True, name="ticket_event_by_receipt"),
        ),
    ]
