"""`manage.py sync_schedules`: makes the shipped schedules; part of every deployment, after `migrate`."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker.access import Actor
from tracker.services.schedules import sync_schedules


class Command(BaseCommand):
    """One call of the service."""

    help = "Creates the schedules that Tracker ships; never overwrites one that an admin edited."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what was done."""
        result = sync_schedules(Actor.system("sync_schedules"))
        self.stdout.write(f"Schedules: {result.created} created, {result.updated} updated, {result.kept} kept.")
