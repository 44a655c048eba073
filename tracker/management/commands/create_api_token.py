"""`manage.py create_api_token EMAIL --scopes ingest,read [--days N]`: prints the token alone on stdout, once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker import clock
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.tokens import issue_token

LONGEST_DAYS = 3650


class Command(BaseCommand):
    """Issues an API token in somebody's name."""

    help = "Issues an API token and prints it alone on stdout. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """EMAIL, scopes, life and name."""
        parser.add_argument("email", metavar="EMAIL", help="whose token it is")
        parser.add_argument("--scopes", required=True, help="separated by commas, such as ingest,read")
        parser.add_argument("--days", type=int, help="days until it expires; without it, never")
        parser.add_argument("--name", default="command line", help="what it is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the token."""
        days: int | None = options["days"]
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days must be from 1 to {LONGEST_DAYS}.")
        owner = User.objects.filter(email=normalise_email(options["email"]), is_active=True).first()
        if owner is None:
            raise CommandError(f"There is no active person with the e-mail {options['email']}.")
        scopes = [scope.strip() for scope in options["scopes"].split(",") if scope.strip()]
        try:
            _, plaintext = issue_token(
                actor=Actor.system("create_api_token"),
                owner=owner,
                name=options["name"],
                scopes=scopes,
                expires_at=clock.now() + timedelta(days=days) if days is not None else None,
            )
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(plaintext)
