"""P3: a year of a real service desk from a file, against the bare writing of the same rows."""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from incidents.intake.ticket_events import read_rows
from incidents.intake.ticket_files import batches, open_file, read_file, read_mapping
from incidents.management.commands.ingest_tickets import BATCH_SIZE
from incidents.testing.bench.events import TABLES, make_events, make_policy
from incidents.testing.bench.raw_ingest import RawWriter, plan_events
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, workload
from tracker.testing.bench.children import run_child
from tracker.testing.bench.rounds import time_call

FILE_NAME = "servicenow_incident_events_full.csv.xz"
MAPPING = settings.BASE_DIR / "incidents" / "demo" / "servicenow.yaml"
PRIORITIES = {"critical": "1 - Critical", "high": "2 - High", "medium": "3 - Moderate", "low": "4 - Low"}
HEADER = (
    "number", "incident_state", "priority", "opened_at", "sys_updated_at", "sys_mod_count", "caller_id", "category",
)  # fmt: skip


@workload("P3", "ingest_tickets of the full ServiceNow log (141,712 events), or of a made-up one of its shape")
def measure(bench: Bench) -> Iterator[Finding]:
    """Ours unpacks, reads, maps and checks the file as well; raw has the rows in memory."""
    make_policy()
    path = find_file(bench)
    arguments = ("ingest_tickets", str(path), "--mapping", str(MAPPING), "--quiet")
    # First: a child is charged with what its parent weighs at the fork, and the planned rows are heavy.
    bench.empty(*TABLES)
    _, peak = run_child(arguments)
    yield at_most("peak memory of the command", peak, 200, unit="MiB")
    mapping = read_mapping(MAPPING)
    with open_file(str(path)) as stream:
        plan = plan_events(read_rows(rows)[0] for rows in batches(read_file(stream, mapping), BATCH_SIZE))
    count = sum(len(batch.events) for batch in plan)

    def ours() -> float:
        bench.empty(*TABLES)
        with Path("/dev/null").open("w") as nowhere:
            return time_call(lambda: call_command(*arguments, stdout=nowhere))

    with bench.raw_connection() as raw:
        writer = RawWriter(raw)

        def bare() -> float:
            bench.empty(*TABLES)
            return time_call(lambda: writer.write_all(plan))

        seconds = alternate({"ours": ours, "raw": bare}, bench.pick(1, 2))
    rates = {side: f"{count / taken:,.0f} events/s" for side, taken in seconds.items()}
    yield at_least(f"{count:,} events of {path.name}", seconds["raw"] / seconds["ours"], 0.7, **rates)


def find_file(bench: Bench) -> Path:
    """The real log where `--data` names its folder and the run is full; else one of its shape under var/."""
    folder = Path(bench.options.get("data") or "/nonexistent")
    for path in (folder / FILE_NAME, folder / "tickets" / FILE_NAME):
        if bench.is_full and path.exists():
            return path
    path = settings.VAR_DIR / "bench-log.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for index, event in enumerate(make_events(bench.pick(5_000, 140_000))):
            opened, updated = (
                datetime.fromisoformat(event[name]).strftime("%d/%m/%Y %H:%M") for name in ("created_at", "updated_at")
            )
            priority = PRIORITIES[event["priority"]]
            writer.writerow([event["id"], event["status"], priority, opened, updated, index, index % 900, "Category 1"])
    return path
