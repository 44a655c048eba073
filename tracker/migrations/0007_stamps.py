"""The log's transaction numbers come from functions of ours, so that a restored database can go on above the lost one's."""

from django.db import migrations

import tracker.models.events

CREATE = """
CREATE FUNCTION tracker_stamp() RETURNS xid8 LANGUAGE sql VOLATILE PARALLEL UNSAFE
    AS 'SELECT pg_catalog.pg_current_xact_id()';
CREATE FUNCTION tracker_horizon() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())';
"""
DROP = "DROP FUNCTION tracker_horizon(); DROP FUNCTION tracker_stamp();"


class Migration(migrations.Migration):
    dependencies = [("tracker", "0006_anonymised_people")]
    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.AlterField(
            model_name="event",
            name="xid",
            field=tracker.models.events.TransactionIdField(
                db_default=tracker.models.events.TransactionStamp(), editable=False
            ),
        ),
    ]
