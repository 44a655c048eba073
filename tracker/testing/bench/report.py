"""What a run found, as JSON and as docs/benchmarks.md."""

import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection

from tracker.testing.bench.registry import Finding, Workload

DOCUMENT = settings.BASE_DIR / "docs" / "benchmarks.md"
RESULTS = settings.BASE_DIR / "docs" / "benchmarks.json"
HEAD = """# Benchmarks

`make bench` measures Tracker against the bare engine on the same machine in the same run: both sides take turns, the
median of each counts, and only their ratio is a result. "Raw" means the same rows in the same schema by plain psycopg,
computed beforehand, in transactions of the same size. Absolute figures stand in the last column for orientation; they
differ by a factor of two between two runs on a shared machine.

`make bench ARGS="P1 P4"` runs some; `ARGS="--size full"` takes the sizes of the goals and rewrites this page. A small
run (`--write` puts it here too) has few rounds and little data: it shows that a workload runs, and where it stands
roughly. The load under each table is the machine's at the end of the run; above the number of cores, figures are what
a busy machine gives, and calls that go back and forth between processes suffer most.
A workload is one file under `incidents/testing/bench/` (or another app's `testing/bench/`).
"""


def describe_finding(finding: Finding) -> str:
    """One line for the terminal."""
    sign = "≥" if finding.is_floor else "≤"
    mark = "ok  " if finding.is_reached else "MISS"
    figures = ", ".join(f"{name} {value}" for name, value in finding.figures.items())
    return f"  {mark} {finding.what}: {write(finding.value)} {finding.unit} ({sign} {write(finding.goal)}) {figures}"


def write(value: float) -> str:
    """A figure with as many digits as mean something."""
    return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.2f}" if abs(value) < 10 else f"{value:,.0f}"


def save(path: Path, found: dict[Workload, list[Finding]], *, is_full: bool) -> dict[str, Any]:
    """Writes the findings into the JSON file at `path`; workloads that did not run keep what stands there."""
    kept: dict[str, Any] = msgspec.json.decode(path.read_bytes()) if path.exists() else {}
    for workload, findings in found.items():
        kept[workload.key] = {
            "title": workload.title,
            "size": "full" if is_full else "small",
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": describe_machine(),
            "findings": [{**asdict(finding), "is_reached": finding.is_reached} for finding in findings],
        }
    kept = dict(sorted(kept.items(), key=lambda item: int(item[0].strip("P"))))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    return kept


def describe_machine() -> str:
    """Cores, how many processes wanted them, Python and PostgreSQL, without names."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
        cursor.execute("SHOW fsync")
        fsync = cursor.fetchone()[0]
    load = os.getloadavg()[1]
    python = platform.python_version()
    return f"{os.cpu_count()} cores at load {load:.0f}, Python {python}, PostgreSQL {server}, fsync {fsync}"


def write_document(results: dict[str, Any]) -> None:
    """Rewrites docs/benchmarks.md from saved results."""
    lines = [HEAD]
    for key, result in results.items():
        lines += [f"## {key} · {result['title']}", "", "| what | goal | reached | | figures |", "|---|---|---|---|---|"]
        lines += [_row(finding) for finding in result["findings"]]
        lines += ["", f"{result['size'].capitalize()} size, {result['at']}, {result['machine']}.", ""]
    DOCUMENT.write_text("\n".join(lines))


def _row(finding: dict[str, Any]) -> str:
    sign = "≥" if finding["is_floor"] else "≤"
    figures = ", ".join(f"{name} {value}" for name, value in finding["figures"].items())
    mark = "yes" if finding["is_reached"] else "**no**"
    unit = f" {finding['unit']}"
    return (
        f"| {finding['what']} | {sign} {write(finding['goal'])}{unit} | {write(finding['value'])}{unit} "
        f"| {mark} | {figures} |"
    )


def count_missed(found: Iterable[list[Finding]]) -> int:
    """How many goals were not reached."""
    return sum(not finding.is_reached for findings in found for finding in findings)
