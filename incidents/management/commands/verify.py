"""Runs the auditor."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.models import AuditFinding
from incidents.services.audit_findings import review_standing, settle_broken
from incidents.services.audits import Finding, all_rules, audit, look_everywhere


class Command(BaseCommand):
    """`verify`: exit code 1 and one line a rule where something does not hold."""

    help = "Asks the database whether everything that must hold between its tables does. Reads only, but for --repair."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command line."""
        parser.add_argument("--repair", action="store_true", help="keep the findings, and repair what is no guess")
        parser.add_argument("--all", action="store_true", help="count every ticket's clocks again, not 500's")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *, repair: bool, **options: Any) -> None:
        """Runs the command."""
        is_whole = bool(options["all"])
        repaired = self._repair(is_whole) if repair else 0
        findings, count = audit(is_whole=is_whole), len(all_rules())
        if options["json"]:
            self._write_json(findings, count, repaired)
        elif repair:
            self.stdout.write(f"{repaired} repaired.")
        for finding in findings:
            rows = f"{all_rules()[finding.rule].subject} {', '.join(finding.examples)}"
            self.stderr.write(f"broken {finding.count:,} times: {finding.rule} (such as {rows})")
        if findings:
            raise CommandError(f"{len(findings)} of {count} rules do not hold.")
        if not options["json"]:
            self.stdout.write(f"All {count} rules hold.")

    def _repair(self, is_whole: bool) -> int:
        before = AuditFinding.objects.filter(repaired_at__isnull=False).count()
        for rule in all_rules().values():
            for broken in look_everywhere(rule, is_whole=is_whole):
                if broken:
                    settle_broken(rule, broken)
        review_standing()
        return AuditFinding.objects.filter(repaired_at__isnull=False).count() - before

    def _write_json(self, findings: list[Finding], count: int, repaired: int) -> None:
        told = {"rules": count, "repaired": repaired, "findings": [asdict(finding) for finding in findings]}
        self.stdout.write(json.dumps(told))
