"""`manage.py export_person EMAIL [--to FILE]`: what is known of one person, as an archive."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tracker.access import Actor
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.personal_exports import ExportLimits, export_person


class Command(BaseCommand):
    """One call of the service, without limits."""

    help = "Writes all that is known of one person, and what they wrote and uploaded, into an archive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """EMAIL and where to."""
        parser.add_argument("email", metavar="EMAIL", help="whose data")
        parser.add_argument("--to", metavar="FILE", help="the archive; without it, person-ID.zip here")

    def handle(self, *args: Any, **options: Any) -> None:
        """Writes the archive for its owner's eyes alone, and says what is in it."""
        user = User.objects.filter(email=normalise_email(options["email"])).first()
        if user is None:
            raise CommandError(f"There is nobody with the e-mail {options['email']}.")
        path = Path(options["to"] or f"person-{user.pk}.zip")
        tell = self.stdout.write if options["verbosity"] > 1 else None
        try:
            with path.open("xb") as target:
                path.chmod(0o600)
                summary = export_person(
                    actor=Actor.system("export_person"), user=user, target=target, limits=ExportLimits(), tell=tell
                )
        except FileExistsError:
            raise CommandError(f"{path} is there already.") from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        rows = sum(summary.rows.values())
        self.stdout.write(f"{path}: {rows} rows of {len(summary.rows)} kinds, {summary.files} files.")
        for text in summary.left_out:
            self.stderr.write(text)
