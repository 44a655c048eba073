"""`manage.py release_deliveries`: lets deliveries go out again after a restore."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.services.delivery_holds import describe_hold, release_deliveries
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import DomainError


class Command(BaseCommand):
    """One call of the service, or a look at what is held."""

    help = "Lets deliveries go out that a restore holds back; without an option it only says what waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--cancel-before", metavar="MOMENT", help="send all but what tells of something before, with its UTC offset"
        )
        way.add_argument("--all", action="store_true", help="send whatever waits, also what may have been sent")
        way.add_argument("--none", action="store_true", help="send nothing of what waits")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        if not (options["cancel_before"] or options["all"] or options["none"]):
            self.stdout.write(self._describe())
            return
        before = clock.now() if options["none"] else _read_moment(options["cancel_before"])
        try:
            hold = release_deliveries(actor=Actor.system("release_deliveries"), cancel_before=before)
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"Released; {hold.cancelled} cancelled.")

    def _describe(self) -> str:
        held = describe_hold()
        if held is None:
            return "No deliveries are held."
        span = ""
        if held.first_at and held.last_at:
            span = f", of what happened from {held.first_at:%Y-%m-%d %H:%M} to {held.last_at:%Y-%m-%d %H:%M} UTC"
        return (
            f"Held since {held.hold.began_at:%Y-%m-%d %H:%M} UTC, after a backup of "
            f"{held.hold.backup_made_at:%Y-%m-%d %H:%M} UTC: {held.count} wait{span}; "
            f"{held.tried} of them were tried before."
        )


def _read_moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError("--cancel-before takes a moment with its offset, such as 2026-11-21T03:10:00+01:00 or …Z.")
    return moment
