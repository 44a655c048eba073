"""A report's tables as a file: whole, typed, and safe to open."""

import csv
import io
import json
import zipfile

import pytest

from reports.choices import FileFormat
from reports.exports.documents import read_format, write_document
from reports.kinds.contract import Figure, Heading, Presentation, Row, Table
from reports.testing.sheets import read_sheets
from tracker.exceptions import InvalidInput
from tracker.spreadsheets import neutralise
from tracker.testing.nasty import formulas

CORPUS = formulas() or ["=1+1", "@SUM(1,1)", "\t=1+1", "\r=1+1", "\uff1d1+1", '=1+1";=1+1', "-5", "a\n=1"]
HEADINGS = [Heading("name", "Name"), Heading("days", "Median", "days")]


def table(rows, key="lead-time", title="Lead time"):
    return Table(key, title, HEADINGS, [Row(cells) for cells in rows])


def write(presentation, file_format):
    export = write_document(presentation, file_format, stem="report-1", facts={"id": 1})
    return export, b"".join(export.pieces)


def test_csv_has_a_line_for_each_row_and_no_zero_for_what_is_not_known():
    export, content = write(Presentation(tables=[table([("OPS", 1.5), ("Ünal, A", None)])]), FileFormat.CSV)
    assert (export.name, export.content_type) == ("report-1.csv", "text/csv; charset=utf-8")
    assert content.decode() == '"Name","Median (days)"\n"OPS",1.5\n"Ünal, A",\n'


def test_several_tables_are_an_archive_of_csv_files():
    tables = [table([("a", 1)]), table([("b", 2)], key="../../etc/passwd")]
    export, content = write(Presentation(tables=tables), FileFormat.CSV)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["1-lead-time.csv", "2--etc-passwd.csv"]
        assert archive.read("1-lead-time.csv").decode().endswith('"a",1\n')
    assert (export.name, export.content_type) == ("report-1.zip", "application/zip")


def test_xlsx_has_a_sheet_for_each_table_under_a_name_that_programs_take():
    tables = [table([("a", 1)], title=title) for title in ("A/B: [x]?", "a b   x", "History", "'", "y" * 40, "y" * 40)]
    names = [sheet.name for sheet in read_sheets(write(Presentation(tables=tables), FileFormat.XLSX)[1])]
    assert len({name.lower() for name in names}) == 6
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)


def test_json_names_each_cell_and_says_what_was_asked():
    presentation = Presentation(figures=[Figure("Open", "5")], tables=[table([("a", None)])], notes=["Until May."])
    _, content = write(presentation, FileFormat.JSON)
    document = json.loads(content)
    assert document["id"] == 1
    assert document["tables"][0]["rows"] == [{"name": "a", "days": None}]
    assert document["notes"] == ["Until May."]


def test_a_report_without_a_table_gives_one_of_its_figures():
    _, content = write(Presentation(figures=[Figure("Open", "5")]), FileFormat.CSV)
    assert content.decode() == '"Figure","Value"\n"Open","5"\n'


@pytest.mark.parametrize("word", ["", "parquet", "CSV", "exe"])
def test_another_format_is_refused_by_name(word):
    with pytest.raises(InvalidInput, match="csv, xlsx, json"):
        read_format(word)


def test_no_cell_of_csv_starts_live_and_a_negative_number_stays_one():
    _, content = write(Presentation(tables=[table([(text, -5) for text in CORPUS])]), FileFormat.CSV)
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))
    assert [row[0] for row in rows[1:]] == [neutralise(text) for text in CORPUS]
    assert {row[1] for row in rows[1:]} == {"-5"}
    assert content.count(b",-5\n") == len(CORPUS)


def test_no_cell_of_xlsx_is_a_formula_or_a_link_and_a_negative_number_stays_one():
    (sheet,) = read_sheets(write(Presentation(tables=[table([(text, -5) for text in CORPUS])]), FileFormat.XLSX)[1])
    assert not sheet.is_live
    # As the format spells a carriage return.
    texts = [neutralise(text).replace("\r", "_x000D_") for text in CORPUS]
    assert [row[0] for row in sheet.rows[1:]] == [("inlineStr", text) for text in texts]
    assert {row[1] for row in sheet.rows[1:]} == {("n", "-5")}
