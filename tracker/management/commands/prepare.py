"""`manage.py prepare`: brings a database up to this version of the code; harmless to repeat."""

import os
from typing import Any

from django.conf import settings
from django.core.checks import ERROR
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from tracker.access import Actor
from tracker.checks import find_faults
from tracker.checks.installation import MISSING_MIGRATIONS, UNKNOWN_MIGRATIONS
from tracker.schema_state import name_some, read_schema_state
from tracker.services.first_admin import ensure_first_admin
from tracker.services.partitions import create_partitions
from tracker.version import VERSION


class Command(BaseCommand):
    """Migrates, syncs what the code defines, and makes the first admin that the environment names."""

    help = (
        "Migrates (groups and rights follow), makes the next months' partitions, syncs schedules, makes the admin "
        "account of DJANGO_SUPERUSER_EMAIL and DJANGO_SUPERUSER_PASSWORD unless it is there, and checks the "
        "configuration. Run it before each start of a new version."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Called by Django."""
        parser.add_argument(
            "--allow-newer",
            action="store_true",
            help="accept a database that a later release has migrated: the way back to this one",
        )

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        if settings.DATABASE_IS_POOLED:
            raise CommandError("DATABASE_IS_POOLED is for webs: prepare needs a DATABASE_URL without a pooler.")
        self._tell_faults()
        unknown = read_schema_state().unknown
        if unknown and not options["allow_newer"]:
            raise CommandError(
                f"This is Tracker {VERSION}, and a later release has migrated the database ({name_some(unknown)}). "
                "Start that release; or, on the way back to this one, run prepare --allow-newer."
            )
        call_command("migrate", verbosity=0, interactive=False)
        self._make_partitions()
        call_command("sync_schedules", verbosity=0)
        email, password = os.environ.get("DJANGO_SUPERUSER_EMAIL"), os.environ.get("DJANGO_SUPERUSER_PASSWORD")
        if email and password:
            ensure_first_admin(actor=Actor.system("prepare"), email=email, password=password)

    def _make_partitions(self) -> None:
        try:
            create_partitions(actor=Actor.system("prepare"))
        except DatabaseError as error:
            # No reason not to start: the default partition takes what has no month, and the sweep tries again.
            self.stderr.write(f"No partitions were made: {error}")

    def _tell_faults(self) -> None:
        faults = [fault for fault in find_faults() if fault.id not in {MISSING_MIGRATIONS, UNKNOWN_MIGRATIONS}]
        for fault in faults:
            self.stderr.write(f"{fault.id}: {fault.msg} {fault.hint or ''}".rstrip())
        if any(fault.level >= ERROR for fault in faults):
            raise CommandError("The installation cannot work like this; see above.")
