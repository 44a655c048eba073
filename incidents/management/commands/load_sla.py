"""`manage.py load_sla`: publishes a policy from a file."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.services.sla_file import check_sla_file, load_sla_file
from incidents.sla.documents import SLADocument
from tracker.access import Actor
from tracker.exceptions import DomainError


class Command(BaseCommand):
    """`load_sla FILE [--check]`: whole or not at all."""

    help = "Publishes the SLA policy that a YAML file describes (- is standard input); --check only looks for faults."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file")
        parser.add_argument("--check", action="store_true", help="name the faults and store nothing")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        try:
            if options["check"]:
                self._tell(check_sla_file(options["file"]))
                return
            version = load_sla_file(actor=Actor.system("load_sla"), path=options["file"])
        except DomainError as error:
            for fault in error.details:
                self.stderr.write(f"{fault.field}: {fault.message}" if fault.field else fault.message)
            raise CommandError(error.message) from None
        if version is None:
            self.stdout.write("Nothing is new in it.")
            return
        self.stdout.write(
            f"Published version {version.number}, in effect from {version.effective_at:%Y-%m-%dT%H:%M:%SZ}."
        )

    def _tell(self, document: SLADocument) -> None:
        counts = (len(document.rules), len(document.calendars), len(document.steps))
        self.stdout.write("No faults: {} rules, {} calendars, {} thresholds.".format(*counts))
