"""Runs the auditor."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incidents.services.audits import all_rules, audit


class Command(BaseCommand):
    """`verify`: exit code 1 and one line a rule where something does not hold."""

    help = "Asks the database whether everything that must hold between its tables does. Reads only."

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        findings, count = audit(), len(all_rules())
        for finding in findings:
            self.stderr.write(f"broken {finding.count} times: {finding.rule} (such as {', '.join(finding.examples)})")
        if findings:
            raise CommandError(f"{len(findings)} of {count} rules do not hold.")
        self.stdout.write(f"All {count} rules hold.")
