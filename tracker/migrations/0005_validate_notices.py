"""Reads the notifications through for the check that 0004 made, while they go on being written."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracker", "0004_notices_to_operators")]
    operations = [ValidateConstraint(model_name="notification", name="notification_kind_is_known")]
