"""`manage.py prune`: deletes what has served its time."""

from typing import Any

from django.core.management.base import BaseCommand

from tracker.services.pruning import prune_registry


class Command(BaseCommand):
    """One call of the service."""

    help = "Deletes stored answers, counters of failed logins and ended sessions that are past their keep."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what went."""
        result = prune_registry()
        self.stdout.write(
            f"{result.answers} stored answers, {result.login_attempts} login counters, "
            f"{result.login_sessions} login sessions, {result.sessions} sessions, "
            f"{result.notifications} notifications deleted."
        )
