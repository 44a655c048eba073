"""Makes daily figures anew, through the same door as the sweep."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from reports.services.daily_stats import refresh_daily_stats
from tracker.exceptions import DomainError


def read_day(text: str) -> date:
    """A day such as 2026-11-21."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day such as 2026-11-21") from None


class Command(BaseCommand):
    """`aggregate_daily [--from D --to D]`."""

    help = "Makes the daily figures anew from history: of all days, or of those that are named. Right rows stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--from", dest="first", type=read_day, metavar="DAY", help="without it the first of all")
        parser.add_argument("--to", dest="last", type=read_day, metavar="DAY", help="without it today")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        with tqdm(unit=" measures", disable=options["quiet"] or None) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                result = refresh_daily_stats(first=options["first"], last=options["last"], progress=show)
            except DomainError as error:
                raise CommandError(" ".join([error.message, *(fault.message for fault in error.details)])) from None
        self.stdout.write(f"{result.rows} rows, {result.written} written, {result.removed} removed.")
