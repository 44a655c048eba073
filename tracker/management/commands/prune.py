"""`manage.py prune [--check]`: deletes what is older than its retention allows, and what has served its time."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.access import Actor
from tracker.models import RetentionPolicy
from tracker.retention import all_kinds
from tracker.services.pruning import prune_registry
from tracker.services.retention import Pruned, count_due, ensure_policies, horizon_of, prune_by_policy

MOST_COUNTED = 2_000_000_000


class Command(BaseCommand):
    """A call of each of the two services."""

    help = "Deletes what is older than its retention allows, stored answers, login counters and ended sessions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to look only, and for how long."""
        parser.add_argument("--check", action="store_true", help="say what would go, and delete nothing")
        parser.add_argument("--max-seconds", type=float, default=3600.0, help="stop then; the next run goes on")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what went, or would."""
        if options["check"]:
            self._check()
            return
        result = prune_registry()
        self.stdout.write(
            f"{result.answers} stored answers, {result.login_attempts} login counters, "
            f"{result.login_sessions} login sessions, {result.sessions} sessions deleted."
        )
        actor = Actor.system("prune")
        pruned = prune_by_policy(actor=actor, max_seconds=options["max_seconds"], tell=self._tell)
        broken = [kind for kind, outcome in pruned.items() if outcome.error]
        if broken:
            raise CommandError(f"Not all could be deleted: {', '.join(broken)}; see the log.")

    def _tell(self, kind: str, outcome: Pruned) -> None:
        rest = "" if outcome.is_done else " There is more; the next run goes on."
        self.stdout.write(f"{all_kinds()[kind].label}: {outcome.rows} deleted.{rest}")

    def _check(self) -> None:
        ensure_policies()
        for policy in RetentionPolicy.objects.filter(kind__in=all_kinds()).order_by("id"):
            horizon, label = horizon_of(policy), all_kinds()[policy.kind].label
            if horizon is None:
                self.stdout.write(f"{label}: kept for ever.")
                continue
            count = count_due(policy, most=MOST_COUNTED)
            self.stdout.write(f"{label}: {count} would go, from before {horizon:%Y-%m-%d}.")
