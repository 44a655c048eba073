"""Loads the demo data."""

from typing import Any

from django.core.management.base import BaseCommand

from incidents.services.demo import seed_demo
from tracker.access import Actor


class Command(BaseCommand):
    """`seed_demo`: once; a second call changes nothing."""

    help = "Loads a small set of real cases, shifted so that their clocks are alive now. A second call changes nothing."

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        count = seed_demo(actor=Actor.system("seed_demo"))
        self.stdout.write(f"{count} demo events taken." if count else "The demo data is there already.")
