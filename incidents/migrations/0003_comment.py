"""Comments are on more than tickets: the table keeps its rows under a wider name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0002_initial"),
        ("tracker", "0003_people_and_notices"),
    ]

    operations = [
        migrations.RenameModel(old_name="TicketComment", new_name="Comment"),
    ]
