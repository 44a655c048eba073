"""`manage.py state_hash`: whether two databases tell the same of the same events."""

from typing import Any

from django.core.management.base import BaseCommand

from incidents.testing.state_hash import hash_state


class Command(BaseCommand):
    """`state_hash`: prints one number over all tickets, history and clocks."""

    help = "Prints a SHA-256 over all tickets, history and clocks: the same for the same events, however they came."

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        self.stdout.write(hash_state())
