"""`manage.py prepare`: brings a database up to this version of the code; harmless to repeat."""

import os
from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from tracker.access import Actor
from tracker.services.first_admin import ensure_first_admin

# Each brings rows in line with the code, and exists once its part of Tracker does.
SYNC_COMMANDS = ("sync_access", "sync_schedules", "load_default_sla")


class Command(BaseCommand):
    """Migrates, syncs what the code defines, and makes the first admin that the environment names."""

    help = (
        "Migrates, syncs groups and schedules, and makes the admin account of DJANGO_SUPERUSER_EMAIL and "
        "DJANGO_SUPERUSER_PASSWORD unless it is there. Run it before each start of a new version."
    )
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        call_command("migrate", verbosity=0, interactive=False)
        for name in SYNC_COMMANDS:
            if name in get_commands():
                call_command(name, verbosity=0)
        email, password = os.environ.get("DJANGO_SUPERUSER_EMAIL"), os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if email and password:
            ensure_first_admin(actor=Actor.system("prepare"), email=email, password=password)
