"""`manage.py sweep_sla`: what beat does every minute, once and by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from incidents.services.alerts import sweep_due_clocks
from incidents.services.replays import replay_requested


class Command(BaseCommand):
    """`sweep_sla`: replays what waits for it, then fires what is due."""

    help = "Judges anew the tickets that wait for it, and fires the alerts of every threshold that has been crossed."

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        replayed = replay_requested()
        result = sweep_due_clocks()
        self.stdout.write(f"{replayed} tickets replayed, {result.clocks} clocks due, {result.alerts} alerts fired.")
