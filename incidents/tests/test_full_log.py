"""The whole ServiceNow log, in two random orders and batch sizes, becomes one and the same state.

The log is too large for the repository; TRACKER_DATA names the folder that has it.
"""

import csv
import io
import lzma
import random

import pytest

from tracker.testing.chaos.installation import Installation
from tracker.testing.real_data import DATA, needs

LOG = DATA / "tickets" / "servicenow_incident_events_full.csv.xz"
EVENTS = 141_712

pytestmark = [
    pytest.mark.slow,
    needs(LOG),
]


def test_two_orders_of_the_full_log_give_the_same_state(tmp_path, capsys):
    first, second = random.sample(range(1_000_000), 2)
    with Installation() as installation:
        hashes = [
            ingest(installation, tmp_path, seed=first, batch_size=5_000),
            ingest(installation, tmp_path, seed=second, batch_size=1_777),
        ]
    with capsys.disabled():
        print(f"\nseeds {first} and {second}: {hashes}")
    assert hashes[0] == hashes[1]


def ingest(installation, tmp_path, *, seed, batch_size):
    """Takes the log in, in the order of a seed, into a database of its own; answers its hash."""
    header, *lines = read_log()
    random.Random(seed).shuffle(lines)
    file = tmp_path / f"{seed}.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *lines])
    installation.use_fresh_database(f"order_{seed}")
    mapping = "incidents/demo/servicenow.yaml"
    installation.manage(
        "ingest_tickets", str(file), "--mapping", mapping, "--batch-size", str(batch_size), "--atomic", "--quiet"
    )
    ((events,),) = installation.query("SELECT count(*) FROM incidents_ticketevent")
    assert 0 < events <= EVENTS
    return installation.manage("state_hash")


def read_log():
    """The rows of the log, its header first."""
    with lzma.open(LOG, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(io.StringIO(stream.read())))
    assert len(rows) == EVENTS + 1
    return rows
