"""Takes incidents from a CSV file."""

from argparse import ArgumentParser
from lzma import LZMAError
from pathlib import Path
from typing import Any
from zlib import error as ZlibError

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from incidents.intake.incident_mappings import IncidentMapping, read_incident_mapping
from incidents.intake.incident_tables import IncidentTable, read_incident_table
from incidents.intake.ticket_files import open_file
from incidents.services.incident_import import check_incidents, import_incidents
from tracker.access import Actor
from tracker.exceptions import DomainError, FieldError

MAX_REPORTED_FAULTS = 1_000


class Command(BaseCommand):
    """`import_incidents FILE --mapping FILE`: CSV, also .gz and .xz; `-` is standard input. Twice changes nothing."""

    help = "Takes incidents from a CSV file (.gz and .xz too; - is standard input) by a mapping. See docs/analysis.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file")
        parser.add_argument("--mapping", type=Path, required=True, help="YAML file that says which column is what")
        parser.add_argument("--check", action="store_true", help="write nothing, say what is wrong")
        parser.add_argument("--skip-bad", action="store_true", help="take the good rows of a file with bad ones")
        parser.add_argument("--enrich", action="store_true", help="have the new ones enriched as if reported today")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        try:
            mapping = read_incident_mapping(options["mapping"])
            table = self._read(options["file"], mapping)
            if table.faults and not options["skip_bad"]:
                raise CommandError(
                    f"{table.bad_lines:,} rows are bad, so nothing was taken. --skip-bad takes the others."
                )
            if options["check"]:
                self.stdout.write(f"{len(table.incidents):,} rows can be taken, {table.repeated:,} repeat an id")
                return
            self._take(table, mapping.source, options)
        except DomainError as error:
            raise CommandError(error.message) from None

    def _read(self, name: str, mapping: IncidentMapping) -> IncidentTable:
        try:
            with open_file(name) as stream:
                table = read_incident_table(stream, mapping)
        except (OSError, EOFError, LZMAError, ZlibError) as error:
            raise CommandError(f"{name}: {error}.") from None
        table.incidents, unknown = check_incidents(table.incidents)
        table.faults = sorted([*table.faults, *unknown], key=lambda fault: fault.index or 0)
        self._tell(table.faults)
        return table

    def _tell(self, faults: list[FieldError]) -> None:
        for fault in faults[:MAX_REPORTED_FAULTS]:
            self.stderr.write(f"line {fault.index}: {fault.field}: {fault.message}")
        if len(faults) > MAX_REPORTED_FAULTS:
            self.stderr.write(f"… and {len(faults) - MAX_REPORTED_FAULTS:,} more faults")

    def _take(self, table: IncidentTable, source: str, options: dict[str, Any]) -> None:
        with tqdm(total=len(table.incidents), unit=" incidents", disable=options["quiet"] or None) as bar:
            result = import_incidents(
                actor=Actor.system("import_incidents"),
                incidents=table.incidents,
                source=source,
                is_enriching=options["enrich"],
                progress=bar.update,
            )
        self.stdout.write(
            f"{result.created} created, {result.updated} updated, {result.unchanged} unchanged, {result.linked} linked"
        )
