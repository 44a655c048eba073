"""When people were anonymised, and a log whose lines may lose a person's name: announced, and nothing else of them."""

from django.db import migrations, models

ALLOW = """
CREATE OR REPLACE FUNCTION tracker_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('tracker.is_pruning', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('tracker.is_anonymising', true) = 'on'
        AND (NEW.id, NEW.xid, NEW.at, NEW.verb, NEW.actor_id, NEW.request_id, NEW.object_type)
            IS NOT DISTINCT FROM
            (OLD.id, OLD.xid, OLD.at, OLD.verb, OLD.actor_id, OLD.request_id, OLD.object_type) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The event log is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
"""
FORBID = """
CREATE OR REPLACE FUNCTION tracker_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('tracker.is_pruning', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The event log is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0005_validate_notices")]
    operations = [
        migrations.AddField("user", "anonymise_asked_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("user", "anonymised_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.RunSQL(ALLOW, FORBID),
    ]
