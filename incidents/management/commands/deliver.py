"""`manage.py deliver`: what beat does every few seconds, once and by hand."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from incidents.services.sending import deliver_due


class Command(BaseCommand):
    """`deliver`: sends what is due."""

    help = "Sends the deliveries that are due to their channels."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How long to go on."""
        parser.add_argument("--seconds", type=float, default=60.0, help="begin no attempt after this time (60)")

    def handle(self, *args: Any, seconds: float, **options: Any) -> None:
        """Runs the command."""
        report = deliver_due(stop_after_seconds=seconds)
        self.stdout.write(f"{report.attempts} attempts made, {report.finished} deliveries dealt with.")
