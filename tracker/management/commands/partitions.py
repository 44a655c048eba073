"""`manage.py partitions`: the months in which the log and the tickets' history lie."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat

from tracker.access import Actor
from tracker.partitions import list_partitions
from tracker.services.partitions import analyse_tables, create_partitions


class Command(BaseCommand):
    """Lists, or makes what is missing first."""

    help = "Lists the months' partitions of the log and of the tickets' history, with about how many rows lie there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--create", action="store_true", help="make the months that are missing, as each night")
        parser.add_argument(
            "--patient", action="store_true", help="with --create: however long others wait, for a maintenance window"
        )

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        if options["create"]:
            self._create(is_patient=options["patient"])
        for one in list_partitions():
            size = filesizeformat(one.size_bytes).replace("\xa0", " ")
            self.stdout.write(f"{one.name:36} {one.rows:>14,} rows {size:>12}")

    def _create(self, *, is_patient: bool) -> None:
        try:
            made = create_partitions(actor=Actor.system("partitions"), is_patient=is_patient)
        except DatabaseError as error:
            raise CommandError(f"Somebody is using the tables, or there is too much to move: {error}") from None
        analyse_tables()
        self.stdout.write(f"{made} made.")
