"""`manage.py bench`, which is `make bench`: measures against the bare engines, in a database of its own."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from tracker.testing.bench.database import make_environment
from tracker.testing.bench.registry import Bench, Finding, Workload, load_workloads
from tracker.testing.bench.report import RESULTS, count_missed, describe_finding, save, write_document

INSIDE = "TRACKER_BENCH_INSIDE"


class Command(BaseCommand):
    """Makes a database, runs itself again inside it, and drops it."""

    help = "Measures workloads against the bare engines; docs/benchmarks.md explains them."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("names", nargs="*", help="workloads such as P1 P4; all without any")
        parser.add_argument("--size", choices=("small", "full"), default="small", help="full takes minutes")
        parser.add_argument("--write", action="store_true", help="rewrite docs/benchmarks.md from a small run too")
        parser.add_argument("--data", default="", help="folder with servicenow_incident_events_full.csv.xz, for P3")
        parser.add_argument("--strict", action="store_true", help="exit 1 where a goal is missed")

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        if settings.IS_PRODUCTION:
            raise CommandError("bench never runs in production; on your own machine set TRACKER_LOCAL=1.")
        if os.environ.get(INSIDE):
            self._measure(options)
            return
        try:
            with make_environment() as environment:
                code = subprocess.run([sys.executable, *sys.argv], env={**environment, INSIDE: "1"}).returncode
        except psycopg.Error as error:
            raise CommandError(f"No database for the bench: {str(error).splitlines()[0]}") from None
        sys.exit(code)

    def _measure(self, options: dict[str, Any]) -> None:
        workloads = load_workloads()
        if unknown := set(options["names"]) - workloads.keys():
            raise CommandError(f"There is no workload {min(unknown)}; there are {', '.join(workloads)}.")
        call_command("migrate", verbosity=0, interactive=False)
        is_full = options["size"] == "full"
        bench = Bench(is_full=is_full, say=self._say, options=options)
        found: dict[Workload, list[Finding]] = {}
        for key in options["names"] or workloads:
            self._say(f"{key} · {workloads[key].title}")
            found[workloads[key]] = []
            for finding in workloads[key].measure(bench):
                found[workloads[key]].append(finding)
                self._say(describe_finding(finding))
        is_written = is_full or options["write"]
        results = save(RESULTS if is_written else settings.VAR_DIR / "bench.json", found, is_full=is_full)
        if is_written:
            write_document(results)
        missed = count_missed(found.values())
        self._say(f"{missed} goals missed." if missed else "All goals reached.")
        if missed and options["strict"]:
            sys.exit(1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
