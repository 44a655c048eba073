"""`manage.py anonymise_user EMAIL [--also WORD]`: takes everything that names a person out of every table."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.anonymising import anonymise_user, names_of


class Command(BaseCommand):
    """One call of the service, after a question."""

    help = "Makes a person nobody: what they did stays, and nothing says any more who it was. There is no way back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """EMAIL, further words, and whether to ask."""
        parser.add_argument("email", metavar="EMAIL", help="their address; afterwards the one that took its place")
        parser.add_argument(
            "--also", metavar="WORD", action="append", default=[], help="a further name of theirs; may be repeated"
        )
        parser.add_argument(
            "--keep", metavar="NAME", action="append", default=[], help="a name of theirs that stays in texts; likewise"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        """Says what was rewritten and what went."""
        user = User.objects.filter(email=normalise_email(options["email"])).first()
        if user is None:
            raise CommandError(f"There is nobody with the e-mail {options['email']}.")
        for name in names_of(user):
            self.stdout.write(f"A name of theirs, in all texts: {name}")
        if not options["yes"] and input(f"Anonymise {user.email}? There is no way back. Type yes: ") != "yes":
            raise CommandError("Nothing was changed.")
        actor = Actor.system("anonymise_user")
        tell = self._tell if options["verbosity"] > 1 else None
        try:
            counts = anonymise_user(
                actor=actor, user=user, extra=options["also"], keep_names=options["keep"], tell=tell
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        for name, count in sorted(counts.items()):
            self.stdout.write(f"{count:>8}  {name}")
        user.refresh_from_db()
        self.stdout.write(f"They are {user.email} now.")

    def _tell(self, table: str) -> None:
        self.stdout.write(f"searching {table}")
