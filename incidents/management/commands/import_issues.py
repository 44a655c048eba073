"""Takes issues from a file as GitHub exports them."""

import zlib
from argparse import ArgumentParser
from lzma import LZMAError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from incidents.intake.issue_files import SourceIssue, read_issues
from incidents.intake.ticket_files import open_file
from incidents.services.issue_import import import_issues
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.models import Project
from tracker.services.projects import ensure_inbox

MAX_REPORTED_FAULTS = 20


class Command(BaseCommand):
    """`import_issues FILE`: JSON Lines, also .gz and .xz; `-` is standard input. Twice changes nothing."""

    help = "Takes issues from a GitHub-style JSON Lines file (.gz and .xz too; - is standard input)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("file")
        parser.add_argument("--project", default="", help="key of the project they go to; the inbox without")
        parser.add_argument("--source", default="", help="what the source is called; the file's name without")
        parser.add_argument("--skip-bad", action="store_true", help="take the good lines of a file with bad ones")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        source = options["source"] or Path(options["file"]).name.split(".")[0]
        if source in ("", "-"):
            raise CommandError("Name the source with --source.")
        try:
            issues = self._read(options["file"], is_skipping=options["skip_bad"])
            with tqdm(total=len(issues), unit=" issues", disable=options["quiet"] or None) as bar:
                counts = import_issues(
                    actor=Actor.system("import_issues"),
                    issues=issues,
                    project=_find_project(options["project"]),
                    source=source,
                    progress=bar.update,
                )
        except DomainError as error:
            raise CommandError(error.message) from None
        self.stdout.write(
            f"{counts.created} created, {counts.updated} updated, {counts.unchanged} unchanged, "
            f"{counts.comments} comments"
        )

    def _read(self, name: str, *, is_skipping: bool) -> list[SourceIssue]:
        try:
            with open_file(name) as stream:
                issues, faults = read_issues(stream)
        except (OSError, EOFError, LZMAError, zlib.error) as error:
            raise CommandError(f"{name}: {error}.") from None
        for fault in faults[:MAX_REPORTED_FAULTS]:
            self.stderr.write(f"line {fault.index}: {fault.field}: {fault.message}")
        if faults and not is_skipping:
            bad = len({fault.index for fault in faults})
            raise CommandError(f"{bad} lines are bad, so nothing was taken. --skip-bad takes the others.")
        return issues


def _find_project(key: str) -> Project:
    if not key:
        return ensure_inbox()
    project = Project.objects.filter(key=key.upper()).first()
    if project is None:
        raise CommandError(f"There is no project {key.upper()}. Make it first, in the back office or by the API.")
    return project
