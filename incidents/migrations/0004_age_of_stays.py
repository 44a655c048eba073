"""Each stay knows since when its row has been in that status, and how old the row was then.

The database fills both in: stays are written by services, by imports and by set statements, and a stay that did not say
how long the work had taken would be missing from every lead time.
"""

from django.db import migrations

AGE = """
CREATE FUNCTION incidents_{name}span_age() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT CASE WHEN before.status = NEW.status AND before.ended_at = NEW.started_at
              THEN before.entered_at ELSE NEW.started_at END
    INTO NEW.entered_at
    FROM incidents_{name}span before WHERE before.{name}_id = NEW.{name}_id ORDER BY before.id DESC LIMIT 1;
  NEW.entered_at := coalesce(NEW.entered_at, NEW.started_at);
  SELECT greatest(0, floor(extract(epoch FROM NEW.entered_at)) - floor(extract(epoch FROM created_at)))
    INTO NEW.age_seconds FROM incidents_{name} WHERE id = NEW.{name}_id;
  NEW.age_seconds := coalesce(NEW.age_seconds, 0);
  RETURN NEW;
END $$;
CREATE TRIGGER incidents_{name}span_age BEFORE INSERT ON incidents_{name}span
  FOR EACH ROW EXECUTE FUNCTION incidents_{name}span_age();
"""
NO_AGE = """
DROP TRIGGER incidents_{name}span_age ON incidents_{name}span;
DROP FUNCTION incidents_{name}span_age();
"""
TABLES = ("issue", "incident")


class Migration(migrations.Migration):
    dependencies = [("incidents", "0003_incident_categories")]
    operations = [migrations.RunSQL(AGE.format(name=name), NO_AGE.format(name=name)) for name in TABLES]
