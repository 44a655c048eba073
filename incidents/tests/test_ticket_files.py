"""Ticket events from files: JSON, JSON Lines and CSV, plain or packed, with a mapping."""

import gzip
import io
import json
import lzma
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from incidents.intake.ticket_files import Mapping, batches, choose, read_file, read_mapping
from incidents.models import Ticket, TicketEvent
from tracker.exceptions import InvalidInput

EVENT = {
    "id": "T1",
    "priority": "high",
    "customer_tier": "gold",
    "status": "open",
    "created_at": "2026-01-01T08:00:00Z",
    "updated_at": "2026-01-01T08:05:00Z",
}
CSV = ",".join(EVENT) + "\n" + ",".join(EVENT.values()) + "\n"

pytestmark = pytest.mark.django_db


def rows_of(text: str) -> list[dict[str, object]]:
    return list(read_file(io.BytesIO(text.encode())))


@pytest.mark.parametrize("text", [json.dumps([EVENT]), json.dumps(EVENT) + "\n\n", CSV, "\ufeff" + CSV])
def test_json_json_lines_and_csv_say_the_same(text):
    assert rows_of(text) == [EVENT]


def test_an_empty_file_has_no_events():
    assert rows_of("") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"id": 1}\nnonsense\n', "Line 2 is not one JSON object"),
        ("[1, 2]", "Not a JSON list of events"),
        ("[" * 100_000, "Not a JSON list of events"),
    ],
)
def test_a_file_that_is_none_of_them_is_refused_with_the_place(text, fault):
    with pytest.raises(InvalidInput, match=fault):
        rows_of(text)


def test_a_mapping_renames_translates_skips_and_reads_local_times(tmp_path: Path):
    mapping_file = tmp_path / "m.yaml"
    mapping_file.write_text(
        "columns: {id: number, status: state, priority: prio, created_at: opened, updated_at: changed}\n"
        "values: {priority: {'2 - High': high}}\nskip: {status: [bogus]}\nmissing: ['?']\n"
        "choose: {customer_tier: {column: caller, choices: [gold]}}\nattributes: [caller]\n"
        "time_format: '%d/%m/%Y %H:%M'\ntimezone: Europe/Berlin\n",
        encoding="utf-8",
    )
    text = (
        "number,state,prio,opened,changed,caller\n"
        "I1,New,2 - High,1/7/2026 09:00,1/7/2026 10:00,Caller 7\n"
        "I2,bogus,2 - High,1/7/2026 09:00,1/7/2026 10:00,Caller 7\n"
    )
    [row] = list(read_file(io.BytesIO(text.encode()), read_mapping(mapping_file)))
    assert row["priority"] == "high"
    assert row["customer_tier"] == "gold"
    assert row["attributes"] == {"caller": "Caller 7"}
    assert row["created_at"].isoformat() == "2026-07-01T09:00:00+02:00"


def test_a_mapping_that_names_a_missing_column_is_refused():
    with pytest.raises(InvalidInput, match="no column 'nope'"):
        list(read_file(io.BytesIO(CSV.encode()), Mapping(columns={"id": "nope"})))


@pytest.mark.parametrize("text", ["colums: {}", "timezone: Mars/Olympus", "missing: 7", "a: [", ""])
def test_a_bad_mapping_is_refused_with_its_file_and_an_empty_one_means_nothing(tmp_path: Path, text: str):
    file = tmp_path / "m.yaml"
    file.write_text(text, encoding="utf-8")
    if not text:
        assert read_mapping(file) == Mapping()
        return
    with pytest.raises(InvalidInput, match=r"m\.yaml"):
        read_mapping(file)


def test_the_same_value_is_always_given_the_same_choice():
    assert [choose(f"Caller {n}", ["gold", "silver", "bronze"]) for n in range(6)] == [
        choose(f"Caller {n}", ["gold", "silver", "bronze"]) for n in range(6)
    ]


def test_batches_end_with_what_is_left():
    assert [len(batch) for batch in batches(iter([EVENT] * 7), 3)] == [3, 3, 1]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_the_command_takes_packed_files_and_a_second_run_changes_nothing(tmp_path: Path, pack, capsys):
    file = tmp_path / ("e.csv.gz" if pack is gzip.compress else "e.csv.xz")
    file.write_bytes(pack(CSV.encode()))
    call_command("ingest_tickets", str(file), quiet=True)
    call_command("ingest_tickets", str(file), quiet=True)
    assert "0 created, 0 updated, 0 late, 1 unchanged, 0 refused" in capsys.readouterr().out
    assert TicketEvent.objects.count() == 1


def test_the_command_names_each_refused_event_and_takes_the_others(tmp_path: Path, capsys):
    file = tmp_path / "e.jsonl"
    file.write_text("\n".join(json.dumps(EVENT | change) for change in ({}, {"priority": ""})), encoding="utf-8")
    with pytest.raises(CommandError, match="1 events were refused"):
        call_command("ingest_tickets", str(file), quiet=True)
    assert "event 1: priority:" in capsys.readouterr().err
    assert Ticket.objects.count() == 1


def test_the_command_with_atomic_takes_nothing_of_a_batch_with_a_bad_event(tmp_path: Path):
    file = tmp_path / "e.jsonl"
    file.write_text("\n".join(json.dumps(EVENT | change) for change in ({}, {"priority": ""})), encoding="utf-8")
    with pytest.raises(CommandError, match="nothing was taken"):
        call_command("ingest_tickets", str(file), quiet=True, atomic=True)
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("arguments", [["missing.csv"], ["missing.csv", "--batch-size", "0"]])
def test_the_command_says_in_one_line_what_it_cannot_do(arguments):
    with pytest.raises(CommandError) as error:
        call_command("ingest_tickets", *arguments)
    assert "\n" not in str(error.value)
