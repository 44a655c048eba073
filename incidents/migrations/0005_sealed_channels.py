"""Addresses and secrets of channels are sealed: first the columns take longer texts, then what is there is sealed."""

from django.db import migrations

import tracker.sealing


def seal_channels(apps, schema_editor):
    # Reading gives a text as it is, sealed or not; writing seals it.
    for channel in apps.get_model("incidents", "Channel").objects.only("url", "secret"):
        channel.save(update_fields=["url", "secret"])


def unseal_channels(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, url, secret FROM incidents_channel")
        for pk, url, secret in cursor.fetchall():
            texts = [tracker.sealing.unseal(url), tracker.sealing.unseal(secret), pk]
            cursor.execute("UPDATE incidents_channel SET url = %s, secret = %s WHERE id = %s", texts)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_issues")]

    operations = [
        migrations.AlterField(
            model_name="channel",
            name="secret",
            field=tracker.sealing.SealedTextField(
                blank=True, help_text="signs the webhook's body (HMAC-SHA256)", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="channel",
            name="url",
            field=tracker.sealing.SealedTextField(
                help_text="https address, or the e-mail addresses, comma separated", max_length=2000
            ),
        ),
        migrations.RunPython(seal_channels, unseal_channels),
    ]
