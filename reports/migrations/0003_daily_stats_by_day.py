"""Lists of daily figures begin with the latest."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_daily_stats")]

    operations = [
        migrations.AddIndex("dailystat", models.Index("day", "id", name="daily_stat_by_day")),
    ]
