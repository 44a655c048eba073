"""Takes factories, their production and sprockets from a file."""

import zlib
from argparse import ArgumentParser
from lzma import LZMAError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from incidents.intake.factory_files import FactoryFile, read_factory_file
from incidents.intake.ticket_files import open_file
from incidents.services.factory_import import import_factories
from tracker.access import Actor
from tracker.exceptions import DomainError

MAX_REPORTED_FAULTS = 20


class Command(BaseCommand):
    """`import_factories FILE`: JSON or a table, also .gz and .xz; `-` is standard input. Twice changes nothing."""

    help = "Takes factories and sprockets from a JSON or CSV file (.gz and .xz too; - is standard input)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file")
        parser.add_argument("--source", default="", help="what the source is called; the file's name without")
        parser.add_argument("--timezone", default="UTC", help="of factories of which the file says none")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        source = options["source"] or Path(options["file"]).name.split(".")[0]
        if source in ("", "-"):
            raise CommandError("Name the source with --source.")
        file = self._read(options["file"], options["timezone"])
        total = len(file.factories) + len(file.sprockets)
        try:
            with tqdm(total=total, unit=" rows", disable=options["quiet"] or None) as bar:
                counts = import_factories(
                    actor=Actor.system("import_factories"), file=file, source=source, progress=bar.update
                )
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            f"{counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged, {counts.points} points"
        )

    def _read(self, name: str, timezone: str) -> FactoryFile:
        try:
            with open_file(name) as stream:
                return read_factory_file(stream, timezone=timezone)
        except (OSError, EOFError, LZMAError, zlib.error) as error:
            raise CommandError(f"{name}: {error}.") from None
        except DomainError as error:
            for fault in error.details[:MAX_REPORTED_FAULTS]:
                if fault.index is not None:
                    self.stderr.write(f"line {fault.index}: {fault.field}: {fault.message}")
            raise CommandError(error.message) from None
