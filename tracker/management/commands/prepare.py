"""`manage.py prepare`: brings a database up to this version of the code; harmless to repeat."""

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from tracker.access import Actor
from tracker.services.first_admin import ensure_first_admin


class Command(BaseCommand):
    """Migrates, syncs what the code defines, and makes the first admin that the environment names."""

    help = (
        "Migrates (groups and rights follow), syncs schedules, makes the admin account of DJANGO_SUPERUSER_EMAIL and "
        "DJANGO_SUPERUSER_PASSWORD unless it is there. Run it before each start of a new version."
    )
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        call_command("migrate", verbosity=0, interactive=False)
        call_command("sync_schedules", verbosity=0)
        email, password = os.environ.get("DJANGO_SUPERUSER_EMAIL"), os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if email and password:
            ensure_first_admin(actor=Actor.system("prepare"), email=email, password=password)
