"""The log cannot be rewritten, by anyone: PostgreSQL refuses. Pruning old lines announces itself in its transaction."""

from django.db import migrations

FORBID = """
CREATE FUNCTION tracker_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('tracker.is_pruning', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The event log is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER tracker_event_append_only BEFORE UPDATE OR DELETE ON tracker_event
    FOR EACH ROW EXECUTE FUNCTION tracker_event_is_append_only();
"""
ALLOW = """
DROP TRIGGER tracker_event_append_only ON tracker_event;
DROP FUNCTION tracker_event_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
