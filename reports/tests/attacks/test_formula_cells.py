"""Whatever somebody typed, no cell of an exported file starts live, and nothing of it is lost."""

import csv
import io
import json

import pytest
from pyarrow import parquet

from incidents.testing.factories import make_issue
from reports.choices import FileFormat
from reports.exports.documents import write_document
from reports.kinds.contract import Figure, Heading, Presentation, Row, Table
from reports.models import Report
from reports.services.leases import claim_report
from reports.services.report_runs import run_report
from reports.services.reports import request_report
from reports.testing.sheets import read_sheets
from tracker.access import Actor
from tracker.choices import Role
from tracker.files.keeping import open_file
from tracker.spreadsheets import neutralise, restore
from tracker.testing.factories import make_project, make_user
from tracker.testing.nasty import everything, needs_nasty
from tracker.texts import is_storable

SIGNS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20\u2212")
pytestmark = needs_nasty


def texts():
    return [text[:300] for text in dict.fromkeys(everything()) if is_storable(text)]


def is_live(cell):
    return cell.lstrip(" \u00a0").startswith(SIGNS) and not cell.lstrip("+-").replace(".", "", 1).isdecimal()


def test_no_cell_of_a_reports_tables_starts_live():
    corpus = texts()
    headings = [Heading("text", "=1+1"), Heading("number", "Number", "@SUM(1)")]
    table = Table("t", "=cmd|'/c calc'!A1", headings, [Row((text, -5)) for text in corpus])
    shown = Presentation([Figure("Open", "5")], tables=[table])
    files = {
        one: b"".join(write_document(shown, one, stem="r", facts={}).pieces)
        for one in (FileFormat.CSV, FileFormat.XLSX)
    }
    header, *rows = csv.reader(io.StringIO(files[FileFormat.CSV].decode(), newline=""))
    assert [restore(row[0]) for row in rows] == corpus
    assert not [cell for row in [header, *rows] for cell in row if is_live(cell)]
    (sheet,) = read_sheets(files[FileFormat.XLSX])
    assert not sheet.is_live
    assert {row[1] for row in sheet.rows[1:]} == {("n", "-5")}
    assert not [cell for row in sheet.rows for kind, cell in row if kind != "n" and is_live(cell)]


@pytest.mark.django_db
def test_no_cell_of_raw_rows_starts_live_and_formats_without_formulas_say_what_was_typed(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    actor, project, corpus = Actor.of_user(make_user(Role.ADMIN)), make_project(), texts()
    for number, text in enumerate(corpus, start=1):
        make_issue(project=project, number=number, title=text)
    told = {}
    for word in ("csv", "xlsx", "jsonl", "parquet"):
        request_report(actor=actor, kind="raw_rows", parameters={"dataset": "issues", "format": word})
        run_report(claim_report())
        with open_file(Report.objects.get(parameters__format=word).file_key) as file:
            told[word] = file.read()
    header, *rows = csv.reader(io.StringIO(told["csv"].decode(), newline=""))
    place = header.index("title")
    assert [row[place] for row in rows] == [neutralise(text) for text in corpus]
    assert not [cell for row in rows for cell in row if is_live(cell)]
    (sheet,) = read_sheets(told["xlsx"])
    assert not sheet.is_live
    assert not [cell for row in sheet.rows for kind, cell in row if kind != "n" and is_live(cell)]
    assert [json.loads(line)["title"] for line in told["jsonl"].splitlines()] == corpus
    assert parquet.read_table(io.BytesIO(told["parquet"])).column("title").to_pylist() == corpus
