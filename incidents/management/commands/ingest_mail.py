"""Takes mail in from files, through the same door as the poll of a mailbox."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from incidents.choices import MailOutcome
from incidents.intake.mail_files import StoredMail, find_files, read_file
from incidents.services.mail_intake import TakenMail, take_mail
from tracker.access import Actor

MAX_REPORTED = 20


class Command(BaseCommand):
    """`ingest_mail FILE`: a message, an mbox, a Maildir or a folder of .eml files; `-` is standard input."""

    help = "Takes mail in: one message (RFC 822), an mbox, a Maildir or a folder of .eml files; - is standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, **options: Any) -> None:
        """Runs the command. What was taken stays taken where a later message fails."""
        counts: Counter[str] = Counter()
        last: TakenMail | None = None
        refusals: list[str] = []
        try:
            for mail in self._messages(options["file"], is_quiet=options["quiet"]):
                last = take_mail(actor=Actor.system("ingest_mail"), raw=mail.raw, size_bytes=mail.size_bytes)
                counts[MailOutcome(last.message.outcome if last.is_new else MailOutcome.DUPLICATE).label.lower()] += 1
                if last.is_refused:
                    refusals.append(f"{mail.name}: {last.message.note}")
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror or error}.") from None
        self._tell(counts, last, refusals)

    def _messages(self, name: str, *, is_quiet: bool) -> Iterator[StoredMail]:
        if name != "-" and Path(name).is_dir():
            for file in tqdm(find_files(Path(name)), unit=" messages", disable=is_quiet or None):
                yield from read_file(str(file))
        else:
            yield from tqdm(read_file(name), unit=" messages", disable=is_quiet or None)

    def _tell(self, counts: Counter[str], last: TakenMail | None, refusals: list[str]) -> None:
        if counts.total() == 1 and last is not None:
            if refusals:
                raise CommandError(refusals[0])
            self.stdout.write(_describe(last))
            return
        for refusal in refusals[:MAX_REPORTED]:
            self.stderr.write(refusal)
        self.stdout.write(", ".join(f"{word}: {count}" for word, count in counts.most_common()) or "nothing there")
        if refusals:
            raise CommandError(f"{len(refusals)} of {counts.total()} messages were refused; the first are named above.")


def _describe(taken: TakenMail) -> str:
    message = taken.message
    thing = message.incident or message.issue
    words = f"{message.outcome} {thing.key}" if thing is not None else f"{message.outcome}: {message.note}"
    return words if taken.is_new else f"came before: {words}"
