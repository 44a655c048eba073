"""Rows as a file: every format says the same, and keeps types where it has them."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyarrow import parquet

from reports.choices import FileFormat
from reports.exports import rows as exported_rows
from reports.exports.rows import CellType, Column, write_rows
from reports.testing.sheets import read_sheets
from tracker.files.uploads import Upload, incoming_directory

AT = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
COLUMNS = [
    Column("id", CellType.INTEGER), Column("title"), Column("at", CellType.MOMENT), Column("share", CellType.NUMBER),
    Column("is_open", CellType.BOOLEAN), Column("day", CellType.DAY), Column("data", CellType.JSON),
]  # fmt: skip
ROWS = [
    (1, "=1+1", AT, Decimal("-5.5"), True, date(2026, 3, 29), {"a": [1]}),
    (2, "Ünal\r\nA", None, None, False, None, None),
    (3, "-5", AT, -5.0, None, None, []),
]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = str(tmp_path)
    # So that three rows are two batches.
    monkeypatch.setattr(exported_rows, "BATCH_ROWS", 2)


def write(file_format, rows=ROWS, **options):
    with Upload("rows", limit_bytes=10_000_000) as upload:
        count = write_rows(iter(rows), COLUMNS, file_format=file_format, upload=upload, title="Rows", **options)
        assert upload.size == upload.path.stat().st_size
        return count, upload.path.read_bytes()


def test_csv_is_harmless_and_keeps_line_ends_inside_of_cells():
    count, content = write(FileFormat.CSV)
    header, first, second, third = csv.reader(io.StringIO(content.decode(), newline=""))
    assert (count, header) == (3, [column.name for column in COLUMNS])
    assert first == ["1", "'=1+1", "2026-03-29T01:30:00Z", "-5.5", "true", "2026-03-29", '{"a":[1]}']
    assert second == ["2", "Ünal\r\nA", "", "", "false", "", ""]
    assert third[1] == "-5"


def test_json_lines_are_one_object_a_line_untouched():
    count, content = write(FileFormat.JSONL)
    first, second, _ = (json.loads(line) for line in content.splitlines())
    assert (count, first["title"], first["share"], first["data"]) == (3, "=1+1", -5.5, {"a": [1]})
    assert second["at"] is None


def test_parquet_keeps_every_type():
    count, content = write(FileFormat.PARQUET)
    table = parquet.read_table(io.BytesIO(content))
    assert (count, table.num_rows, [str(field.type) for field in table.schema]) == (
        3, 3, ["int64", "string", "timestamp[us, tz=UTC]", "double", "bool", "date32[day]", "string"],
    )  # fmt: skip
    first, second, third = table.to_pylist()
    assert (first["at"], first["share"], first["data"], second["data"], third["data"]) == (
        AT,
        -5.5,
        '{"a":[1]}',
        None,
        "[]",
    )


def test_xlsx_has_typed_cells_and_no_formula():
    count, content = write(FileFormat.XLSX)
    (sheet,) = read_sheets(content)
    assert (count, sheet.is_live, len(sheet.rows)) == (3, False, 4)
    assert sheet.rows[1][:2] == [("n", "1"), ("inlineStr", "'=1+1")]
    assert sheet.rows[1][3:5] == [("n", "-5.5"), ("b", "1")]
    assert list(incoming_directory().iterdir()) == []


@pytest.mark.parametrize("file_format", exported_rows.ROW_FORMATS)
def test_no_rows_are_a_file_all_the_same(file_format):
    count, content = write(file_format, [])
    assert count == 0
    assert content or file_format == FileFormat.JSONL


@pytest.mark.parametrize("file_format", exported_rows.ROW_FORMATS)
def test_whoever_listens_may_stop_it_and_nothing_is_left(file_format):
    def stop(count):
        raise InterruptedError(count)

    with pytest.raises(InterruptedError, match="2"):
        write(file_format, on_batch=stop)
    assert list(incoming_directory().iterdir()) == []
