"""`manage.py backup`: writes a backup, or looks at one."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tracker.access import Actor
from tracker.backups.checking import check_backup
from tracker.backups.progress import show_progress
from tracker.exceptions import DomainError
from tracker.services.backups import make_backup


class Command(BaseCommand):
    """One call of the service, or of the check."""

    help = "Writes the database and all kept files to one file, and reads it again. It may run while people work."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--to", default="", metavar="DIRECTORY", help="the folder; BACKUP_DIRECTORY without")
        parser.add_argument("--check", default="", metavar="FILE", help="make none; say whether this one is whole")
        parser.add_argument("--foreign", action="store_true", help="with --check: made with another SECRET_KEY")
        parser.add_argument("--quiet", action="store_true", help="no progress bars")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        try:
            with show_progress(is_quiet=options["quiet"]) as progress:
                words = self._check(options, progress) if options["check"] else self._make(options, progress)
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(words)

    def _make(self, options: dict[str, Any], progress: Any) -> str:
        directory = options["to"] or settings.BACKUP_DIRECTORY
        if not directory:
            raise CommandError("Name a folder with --to, or set BACKUP_DIRECTORY.")
        row = make_backup(actor=Actor.system("backup"), directory=Path(directory).resolve(), progress=progress)
        return f"{row.location}\n{row.size_bytes:,} bytes, {row.files:,} files, SHA-256 {row.sha256}"

    def _check(self, options: dict[str, Any], progress: Any) -> str:
        manifest = check_backup(Path(options["check"]), is_foreign=options["foreign"], progress=progress)
        lost = f"; {len(manifest.missing)} files were gone when it was made" if manifest.missing else ""
        return (
            f"Whole: of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, release {manifest.release}, {len(manifest.tables)} "
            f"tables, {manifest.rows:,} rows, {len(manifest.files):,} files{lost}."
        )
