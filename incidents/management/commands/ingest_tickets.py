"""Takes ticket events from a file, through the same door as the API."""

import random
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from incidents.intake.ticket_files import Row, batches, open_file, read_file, read_mapping
from incidents.intake.tickets import ingest_rows
from tracker.access import Actor
from tracker.collector import spare_what_is_loaded
from tracker.exceptions import DomainError

BATCH_SIZE = 5_000
MAX_REPORTED_FAULTS = 20


class Command(BaseCommand):
    """`ingest_tickets FILE`: JSON, JSON Lines or CSV, also .gz and .xz; `-` is standard input."""

    help = "Takes ticket events from a JSON, JSON Lines or CSV file (.gz and .xz too; - is standard input)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file")
        parser.add_argument("--mapping", type=Path, help="YAML file that says which column is which field")
        parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, help="events per transaction (1 to 10000)")
        parser.add_argument("--atomic", action="store_true", help="stop at the first batch with a bad event")
        parser.add_argument("--shuffle", type=int, metavar="SEED", help="in a random order, to see that none matters")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def run_from_argv(self, argv: list[str]) -> None:
        """Runs the command as the only work of its process."""
        spare_what_is_loaded()
        super().run_from_argv(argv)

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        if not 1 <= options["batch_size"] <= 10_000:
            raise CommandError("--batch-size must be 1 to 10000.")
        try:
            counts = self._ingest(options)
        except DomainError as error:
            for fault in error.details[:MAX_REPORTED_FAULTS]:
                self.stderr.write(f"event {fault.index}: {fault.field}: {fault.message}")
            raise CommandError(error.message) from None
        self.stdout.write(", ".join(f"{count} {word}" for word, count in counts.items()))
        if counts["refused"]:
            raise CommandError(f"{counts['refused']} events were refused; the first ones are named above.")

    def _ingest(self, options: dict[str, Any]) -> dict[str, int]:
        mapping = read_mapping(options["mapping"]) if options["mapping"] else None
        counts = {"created": 0, "updated": 0, "late": 0, "unchanged": 0, "refused": 0}
        actor = Actor.system("ingest_tickets")
        seen = 0
        with (
            open_file(options["file"]) as stream,
            tqdm(unit=" events", disable=options["quiet"] or None) as bar,
        ):
            rows = read_file(stream, mapping)
            if options["shuffle"] is not None:
                rows = _shuffle(rows, options["shuffle"])
            for batch in batches(rows, options["batch_size"]):
                result = ingest_rows(actor=actor, rows=batch, is_atomic=options["atomic"])
                for receipt in result.receipts:
                    counts[receipt.word] += 1
                for fault in result.faults[: max(0, MAX_REPORTED_FAULTS - counts["refused"])]:
                    self.stderr.write(f"event {seen + (fault.index or 0)}: {fault.field}: {fault.message}")
                counts["refused"] += len(batch) - len(result.receipts)
                seen += len(batch)
                bar.update(len(batch))
        return counts


def _shuffle(rows: Iterator[Row], seed: int) -> Iterator[Row]:
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - no secret hangs on it
    return iter(shuffled)
