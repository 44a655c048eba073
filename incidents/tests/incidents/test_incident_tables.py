"""CSV files of incidents, read by a mapping: what the traps of real files come to, and how faults are named."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from incidents.intake import csv_rows
from incidents.intake.incident_mappings import IncidentMapping, parse_incident_mapping, read_incident_mapping
from incidents.intake.incident_tables import IncidentTable, read_incident_table
from tracker.exceptions import InvalidInput

TORONTO = Path("incidents/demo/toronto_bicycle_thefts.yaml")
MAPPING = """
source: made-up
timezone: America/Toronto
missing: ["", UNKNOWN]
id: Number
repeated_ids: number
title: {pieces: [Lost, "{Thing}", "{Where}"], join: " - "}
description: {pieces: ["Thing: {Thing}", "Colour: {Colour} {Shade}"], join: "\\n"}
place: "{Where}"
category: {column: Kind, values: {T: theft, V: vandalism}}
occurred_at: {columns: [Day, Time], formats: ["%d/%m/%Y %H:%M", "%d/%m/%Y"]}
latitude: {column: Lat}
longitude: {column: Long}
loss_estimate: {column: Worth, remove: ["$", "."], decimal: ",", missing: ["0"]}
recovery: {column: State, values: {LOST: missing, FOUND: recovered}, default: unknown}
status: {constant: DONE}
attributes: {thing: Thing, colour: Colour}
"""
HEADER = "Number,Thing,Colour,Shade,Where,Kind,Day,Time,Lat,Long,Worth,State"
ROW = "A-1,Bicycle,red,dark,Depot,T,08/12/2017,18:00,43.66,-79.37,1.250,LOST".replace("1.250", '"$1.250,50"')


def mapping_of(extra: str = "", base: str = MAPPING) -> IncidentMapping:
    names = [line.split(":")[0] for line in extra.splitlines()]
    kept = [line for line in base.splitlines() if line.split(":")[0] not in names]
    return parse_incident_mapping("\n".join([*kept, extra]).encode())


def read(*rows: str, extra: str = "", header: str = HEADER, encoding: str = "utf-8") -> IncidentTable:
    return read_incident_table(BytesIO("\n".join([header, *rows]).encode(encoding)), mapping_of(extra))


def change(**cells: str) -> str:
    """ROW with other cells."""
    names, row = HEADER.split(","), ["A-1", "Bicycle", "red", "dark", "Depot", "T", "08/12/2017", "18:00"]
    row += ["43.66", "-79.37", '"$1.250,50"', "LOST"]
    return ",".join(cells.get(name, cell) for name, cell in zip(names, row, strict=True))


def faults_of(table: IncidentTable) -> list[tuple[int | None, str]]:
    return [(fault.index, fault.field) for fault in table.faults]


def test_a_row_becomes_an_incident():
    (told,) = read(ROW).incidents
    assert (told.line, told.source_id, told.first_id) == (2, "A-1", "")
    assert told.title == "Lost - Bicycle - Depot"
    assert told.description == "Thing: Bicycle\nColour: red dark"
    assert told.occurred_at == told.reported_at == datetime(2017, 12, 8, 23, tzinfo=UTC)
    assert (told.latitude, told.longitude, told.loss_estimate) == (43.66, -79.37, Decimal("1250.50"))
    assert (told.category, told.recovery, told.status, told.timezone) == ("theft", "missing", "DONE", "America/Toronto")
    assert told.attributes == {"thing": "Bicycle", "colour": "red"}


def test_blanks_around_cells_and_every_word_for_nothing_are_taken_off():
    row = change(Thing="UNKNOWN", Colour='" red   "', Shade="  ", Worth="0", State="UNKNOWN", Lat="", Long=" ", Time="")
    (told,) = read(row).incidents
    assert (told.title, told.description, told.attributes) == ("Lost - Depot", "", {"colour": "red"})
    assert (told.latitude, told.longitude, told.loss_estimate, told.recovery) == (None, None, None, "unknown")
    assert told.occurred_at == datetime(2017, 12, 8, 5, tzinfo=UTC)


def test_line_ends_inside_cells_are_text_and_lines_are_counted_as_in_the_file():
    table = read(
        change(Thing='"KONA\n      "'), "", change(Number="A-2", Where='"Hall\n3"'), change(Number="A-3", Lat="x")
    )
    assert [(told.line, told.source_id) for told in table.incidents] == [(2, "A-1"), (5, "A-2")]
    assert (table.incidents[0].attributes["thing"], table.incidents[1].place) == ("KONA", "Hall 3")
    assert faults_of(table) == [(7, "latitude (Lat)")]


def test_rows_of_one_report_are_numbered_in_the_order_of_the_file():
    rows = [change(), change(Number="B-1"), change(Lat="x"), change(Thing="Helmet")]
    table = read(*rows)
    assert [(told.source_id, told.first_id) for told in table.incidents] == [("A-1", ""), ("B-1", ""), ("A-1/3", "A-1")]
    assert faults_of(table) == [(4, "latitude (Lat)")]
    first = read(*rows, extra="repeated_ids: first")
    assert ([told.source_id for told in first.incidents], first.repeated) == (["A-1", "B-1"], 2)
    refused = read(*rows, extra="repeated_ids: refuse")
    assert faults_of(refused) == [(4, "id"), (5, "id")]
    taken = read(change(Number="A-1/2"), change(), change())
    assert faults_of(taken) == [(4, "id")]


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("12/03/2017", "01:30", datetime(2017, 3, 12, 6, 30, tzinfo=UTC)),
        (
            "12/03/2017",
            "02:30",
            datetime(2017, 3, 12, 7, 30, tzinfo=UTC),
        ),  # jumped over: half past three in summer time
        ("12/03/2017", "03:00", datetime(2017, 3, 12, 7, 0, tzinfo=UTC)),
        ("05/11/2017", "01:30", datetime(2017, 11, 5, 5, 30, tzinfo=UTC)),  # shown twice: the first
        ("05/11/2017", "02:00", datetime(2017, 11, 5, 7, 0, tzinfo=UTC)),
    ],
)
def test_local_times_become_utc_on_the_days_when_clocks_change(day, clock, expected):
    (told,) = read(change(Day=day, Time=clock)).incidents
    assert told.occurred_at == expected


@pytest.mark.parametrize(
    ("cells", "field", "message"),
    [
        ({"Number": ""}, "id", "1 to 92 characters"),
        ({"Kind": "X"}, "category (Kind)", "'X' is none of T, V"),
        ({"Kind": ""}, "category (Kind)", "Must not be empty"),
        ({"Day": "2017-12-08"}, "occurred_at (Day, Time)", "is not written as"),
        ({"Day": "", "Time": ""}, "occurred_at (Day, Time)", "Must not be empty"),
        ({"Day": "31/12/2999"}, "occurred_at (Day, Time)", "up to now"),
        ({"Day": "01/01/0001"}, "occurred_at (Day, Time)", "up to now"),
        ({"Lat": "91"}, "latitude (Lat)", "-90 to 90"),
        ({"Lat": "nan"}, "latitude (Lat)", "is no number"),
        ({"Long": ""}, "latitude", "stand together"),
        ({"Worth": "-5"}, "loss_estimate (Worth)", "0 to 9,999,999,999.99"),
        ({"Worth": "1e9"}, "loss_estimate (Worth)", "is no number"),
        ({"Where": "x" * 301}, "title", "1 to 300"),
        ({"Thing": "x\0y"}, "row", "NUL"),
        ({"Colour": "x" * 1001}, "attributes (Colour)", "Up to 1,000"),
        ({"State": "a,b"}, "row", "13 cells; the first line names 12"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column_and_spares_the_others(cells, field, message):
    table = read(change(Number="A-0"), change(**cells), change(Number="A-9"))
    assert [told.source_id for told in table.incidents] == ["A-0", "A-9"]
    named = {fault.field: fault.message for fault in table.faults}
    assert message in named[field]
    assert {fault.index for fault in table.faults} == {3}


def test_bytes_that_are_no_text_spoil_their_row_alone():
    data = "\n".join([HEADER, change(Where="Zür"), change(Number="A-2")]).encode("latin-1")
    table = read_incident_table(BytesIO(data), mapping_of())
    assert [told.source_id for told in table.incidents] == ["A-2"]
    assert faults_of(table) == [(2, "row")]
    (told, _) = read_incident_table(BytesIO(data), mapping_of("encoding: latin-1")).incidents
    assert told.place == "Zür"


def test_a_byte_order_mark_and_another_delimiter_are_no_matter():
    data = "\n".join([HEADER, ROW]).replace(",", ";").replace("$1.250;50", "$1.250,50").encode("utf-8-sig")
    (told,) = read_incident_table(BytesIO(data), mapping_of('delimiter: ";"')).incidents
    assert told.loss_estimate == Decimal("1250.50")


def test_markdown_in_cells_stays_text():
    (told,) = read(change(Thing="*bold* [x](http://e) <b>", Colour="snake_case")).incidents
    assert told.description.startswith(r"Thing: \*bold\* \[x\](http://e) \<b\>")
    assert told.title == "Lost - *bold* [x](http://e) <b> - Depot"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "It is empty"),
        (b"\n\n", "It is empty"),
        (b"a,b\n1,2\n", "no column 'Colour'"),
        (f"{HEADER},Lat\n".encode(), "more than one column 'Lat'"),
        (f'{HEADER}\n{ROW}\n"A-2,open\nfor ever'.encode(), "begins in line 3 is no CSV"),
        (f"{HEADER}\n".encode() + b"x" * 3_000_000, "begins in line 2 is no CSV: field larger"),
        (b"\xfd7zXZ\x00\x00\x04" * 50, "It has no column"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_as_a_whole(data, message):
    with pytest.raises(InvalidInput, match=message):
        read_incident_table(BytesIO(data), mapping_of())


def test_files_have_limits(monkeypatch):
    monkeypatch.setattr(csv_rows, "MAX_ROWS", 2)
    with pytest.raises(InvalidInput, match="Up to 2 rows"):
        read(ROW, ROW, ROW)
    monkeypatch.setattr(csv_rows, "MAX_FILE_CHARACTERS", 100)
    with pytest.raises(InvalidInput, match="Up to 100 characters"):
        read(ROW)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("colour: red", "unknown field `colour`"),
        ("source: ''", "source"),
        ("timezone: Mars/Olympus", "timezone"),
        ("timezone: ../etc/passwd", "timezone"),
        ("delimiter: ',,'", "delimiter"),
        ("encoding: utf-16", "encoding"),
        ("repeated_ids: maybe", "repeated_ids"),
        ("category: {column: Kind, constant: theft}", "category: Name a column or a constant"),
        ("status: {constant: CLOSED}", "status: 'CLOSED' is none of OPEN"),
        ("recovery: {column: State, values: {LOST: gone}}", "recovery: 'gone' is none of"),
        ("title: '{Thing.__class__}'", "no column"),
        ("title: '{Thing!r}'", "braces hold"),
        ("title: '{Thing:>9999999}'", "braces hold"),
        ("title: '{'", "title"),
        ("occurred_at: {columns: [], formats: []}", "occurred_at: Name at least one"),
        ("longitude: null", "latitude: Map latitude and longitude together"),
        ("id: &x Number", "anchors"),
        ("id: 5", "Expected `str`"),
        ("[", "not readable as YAML"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused_by_name(extra, message):
    with pytest.raises(InvalidInput, match=message):
        read(ROW, extra=extra)


def test_a_mapping_file_has_a_limit_and_must_be_there(tmp_path):
    (tmp_path / "long.yaml").write_text("# " + "x" * 70_000)
    with pytest.raises(InvalidInput, match="65,536 bytes"):
        read_incident_mapping(tmp_path / "long.yaml")
    with pytest.raises(InvalidInput, match="No such file"):
        read_incident_mapping(tmp_path / "none.yaml")
    assert read_incident_mapping(TORONTO).source == "tps-bicycle-thefts"
