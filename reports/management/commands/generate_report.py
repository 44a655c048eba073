"""Asks for a report, through the same door as the API and the back office."""

import json
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from tqdm import tqdm

from reports.choices import ReportState
from reports.kinds import KINDS, find_kind
from reports.models import Report
from reports.services.report_runs import run_due_reports
from reports.services.reports import request_report
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.models import User

POLL_SECONDS = 0.25
# How often this process itself looks for work while it waits.
LOOK_SECONDS = 1.0
PARAMETER = "parameter_"


def read_moment(text: str) -> datetime:
    """A moment such as 2026-11-21T12:00:00Z; without a zone it is UTC."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise ArgumentTypeError(f"{text!r} is no moment such as 2026-11-21T12:00:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Command(BaseCommand):
    """`generate_report KIND [--name=value …] [--wait]`."""

    help = "Asks for a report; with --wait it is made and printed as JSON. Parameters are those of the kind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line: an option for every parameter of every kind."""
        parser.add_argument("kind", metavar="KIND", help=", ".join(sorted(KINDS)))
        parser.add_argument("--wait", action="store_true", help="make it, and print what it says")
        parser.add_argument("--as-of", type=read_moment, metavar="MOMENT", help="up to when history counts")
        parser.add_argument("--owner", metavar="EMAIL", help="whose report it is, and whose rights bound it")
        parser.add_argument("--quiet", action="store_true", help="no progress bar")
        taken: dict[str, list[str]] = {}
        for kind in KINDS.values():
            for field in kind.parameters().fields:
                taken.setdefault(str(field), []).append(kind.key)
        for parameter, keys in taken.items():
            spellings = dict.fromkeys((f"--{parameter.replace('_', '-')}", f"--{parameter}"))
            told = f"of {', '.join(keys)}"
            parser.add_argument(*spellings, dest=f"{PARAMETER}{parameter}", metavar="VALUE", help=told)

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        try:
            report = request_report(
                actor=_find_actor(options["owner"]),
                kind=options["kind"],
                parameters=_read_parameters(options["kind"], options),
                as_of=options["as_of"],
            )
            if options["wait"]:
                report = _wait(report, is_quiet=options["quiet"])
        except DomainError as error:
            faults = [f"{fault.field}: {fault.message}" for fault in error.details]
            raise CommandError(" ".join(faults or [error.message])) from None
        if not options["wait"]:
            self.stdout.write(f"report {report.pk}: {report.state}, /v1/reports/{report.pk}")
            return
        if report.state != ReportState.READY:
            raise CommandError(f"report {report.pk}: {report.state}. {report.error}".strip())
        self.stdout.write(json.dumps(report.result, ensure_ascii=False, indent=2))


def _find_actor(email: str | None) -> Actor:
    if not email:
        return Actor.system("generate_report")
    person = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if person is None:
        raise CommandError(f"Nobody active has the address {email}.")
    return Actor.of_user(person)


def _read_parameters(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    fields = find_kind(kind).parameters().fields
    given = {
        name.removeprefix(PARAMETER): value
        for name, value in options.items()
        if name.startswith(PARAMETER) and value is not None
    }
    return {name: _split(fields.get(name), value) for name, value in given.items()}


def _split(field: Any, value: str) -> Any:
    is_list = isinstance(field, serializers.ListField | serializers.MultipleChoiceField)
    return [part.strip() for part in value.split(",") if part.strip()] if is_list else value


def _wait(report: Report, *, is_quiet: bool) -> Report:
    """Has reports made in a thread of this process, beside the workers, until this one is finished."""
    is_over = threading.Event()
    worker = threading.Thread(target=_make_reports, args=(is_over,), daemon=True)
    worker.start()
    try:
        with tqdm(unit=" steps", disable=is_quiet or None) as bar:
            while not report.is_finished:
                time.sleep(POLL_SECONDS)
                report.refresh_from_db()
                bar.total = report.progress_total or None
                bar.update(report.progress_done - bar.n)
    finally:
        is_over.set()
        worker.join()
    return report


def _make_reports(is_over: threading.Event) -> None:
    try:
        while not is_over.is_set():
            run_due_reports(stop_after_seconds=0.01)
            is_over.wait(LOOK_SECONDS)
    finally:
        connections.close_all()
