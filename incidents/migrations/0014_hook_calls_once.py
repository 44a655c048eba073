"""A call that its sender repeats is taken once; a signal remembers what was last told of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0013_internal_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="hookcall",
            name="delivery_id",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.AddField(
            model_name="hooksignal",
            name="text_digest",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="hooksignal",
            name="told_count",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddIndex(
            model_name="hookcall",
            index=models.Index(
                models.F("outcome"), models.OrderBy(models.F("id"), descending=True), name="hook_call_by_outcome"
            ),
        ),
        migrations.AddConstraint(
            model_name="hookcall",
            constraint=models.UniqueConstraint(
                condition=models.Q(("delivery_id", ""), _negated=True),
                fields=("hook", "delivery_id"),
                name="hook_call_is_taken_once",
            ),
        ),
    ]
