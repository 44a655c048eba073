"""What a finished report says cannot be rewritten, by anyone: PostgreSQL refuses. It can be deleted."""

from django.db import migrations

FORBID = """
CREATE FUNCTION reports_report_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Its project may go; all else stays.
    NEW.project_id := OLD.project_id;
    IF NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'A finished report does not change.' USING ERRCODE = 'restrict_violation';
    END IF;
    NEW.project_id := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER reports_report_final BEFORE UPDATE ON reports_report
    FOR EACH ROW WHEN (OLD.state IN ('ready', 'failed', 'cancelled')) EXECUTE FUNCTION reports_report_is_final();
"""
ALLOW = """
DROP TRIGGER reports_report_final ON reports_report;
DROP FUNCTION reports_report_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_initial")]
    operations = [migrations.RunSQL(FORBID, ALLOW)]
