"""`manage.py restore FILE`: brings a backup back into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from tracker.access import Actor
from tracker.backups.manifest import Manifest
from tracker.backups.progress import show_progress
from tracker.exceptions import DomainError
from tracker.services.restoring import RestoreChoices, examine_backup, restore_backup, settle_restored


class Command(BaseCommand):
    """Looks at the file, asks, restores, brings the schema up to this release, settles, and has all of it verified."""

    help = (
        "Brings a backup back into an empty database and the file store. Nothing is sent afterwards until "
        "release_deliveries says so."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file", help="what `backup` wrote")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--foreign", action="store_true", help="take one that another SECRET_KEY has signed")
        parser.add_argument("--keep-logins", action="store_true", help="let people stay logged in")
        parser.add_argument("--revoke-tokens", action="store_true", help="take back all API tokens")
        parser.add_argument("--quiet", action="store_true", help="no progress bars")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        path, actor = Path(options["file"]).resolve(), Actor.system("restore")
        choices = RestoreChoices(options["foreign"], options["keep_logins"], options["revoke_tokens"])
        try:
            with show_progress(is_quiet=options["quiet"]) as progress:
                manifest = examine_backup(path=path, is_foreign=choices.is_foreign, progress=progress)
            self._ask(manifest, is_sure=options["yes"])
            with show_progress(is_quiet=options["quiet"]) as progress:
                restore_backup(actor=actor, path=path, manifest=manifest, progress=progress)
            call_command("prepare")
            told = settle_restored(actor=actor, path=path, manifest=manifest, choices=choices)
        except DomainError as error:
            raise CommandError(error.message) from None
        self._tell(manifest, told)
        call_command("verify", stdout=self.stdout, stderr=self.stderr)

    def _ask(self, manifest: Manifest, *, is_sure: bool) -> None:
        name = str(connection.settings_dict["NAME"])
        self.stdout.write(
            f"A backup of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, release {manifest.release}: {manifest.rows:,} rows "
            f"in {len(manifest.tables)} tables, {len(manifest.files):,} files. It goes into the database {name}."
        )
        if not is_sure and input(f"Type {name} to begin: ").strip() != name:
            raise CommandError("Nothing was done.")

    def _tell(self, manifest: Manifest, told: list[str]) -> None:
        self.stdout.write(f"{len(manifest.tables)} tables and {len(manifest.files):,} files are as they were.")
        for key in manifest.missing:
            self.stdout.write(f"The file {key} was gone already when the backup was made.")
        for words in told:
            self.stdout.write(words)
