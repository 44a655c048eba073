"""Reports asked for and read by those who want more than is theirs, or want others to get none."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from django.db import DatabaseError, connection, transaction

from incidents.services.hook_rules import find_default_category
from incidents.services.incidents import create_incident
from reports.choices import FileFormat
from reports.exports.documents import write_document
from reports.kinds import KINDS
from reports.kinds.contract import Heading, Presentation, Row, Table
from reports.models import Report
from reports.services.quotas import MAX_FILE_BYTES
from reports.services.report_runs import run_due_reports
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from reports.testing.probes import raw_rows
from reports.testing.sheets import read_sheets
from tracker.access import Actor
from tracker.charts.pictures import draw_png
from tracker.choices import Role
from tracker.exceptions import InvalidInput
from tracker.schedule_times import Daily
from tracker.services.schedules import create_schedule
from tracker.testing.factories import jwt_client, make_factory, make_user, token_client

pytestmark = pytest.mark.django_db
REPORTS = "/v1/reports"
UNKNOWN = (999_999_999, 0, -1, 2**63, "9" * 400, "x", "%00", "%D9%A3", "1e3", "1%0d%0a")
READING = ("", "/export", "/export?format=xlsx", "/export?format=bad", "/file", "/charts/1", "/charts/99")


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


def make(client, kind, **parameters):
    asked = client.post(REPORTS, {"kind": kind, "parameters": parameters})
    run_due_reports()
    return client.get(asked["Location"]).json()


@pytest.mark.parametrize("dataset", ["log", "issues", "tickets", "alerts", "daily_stats", "incident_spans"])
def test_a_token_takes_out_no_rows_that_its_scopes_do_not_let_it_export(admin, dataset):
    asked = {"kind": "raw_rows", "parameters": {"dataset": dataset}}
    refused = token_client("reports", owner=admin).post(REPORTS, asked)
    assert refused.status_code == 403
    reader = token_client("reports", "read", owner=admin).post(REPORTS, asked)
    # No scope opens the log.
    assert reader.status_code == (403 if dataset == "log" else 202)


def test_a_token_downloads_no_file_of_such_rows_that_its_owner_made(admin):
    address = f"{REPORTS}/{make(jwt_client(admin), 'raw_rows', dataset='log')['id']}/file"
    answers = [token_client(*scopes, owner=admin).get(address) for scopes in (("reports",), ("reports", "read"))]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert jwt_client(admin).get(address).status_code == 200


def test_reports_of_others_are_as_unknown_as_those_that_never_were(admin):
    foreign, told = raw_rows(admin)["pk"], set()
    demoted = make_user()
    before = raw_rows(demoted)["pk"]
    type(demoted).objects.filter(pk=demoted.pk).update(role=Role.REPORTER)
    demoted.refresh_from_db()
    reporter = make_user(Role.REPORTER)
    clients = [jwt_client(reporter), jwt_client(demoted), token_client("reports", owner=reporter)]
    for client in clients:
        for name in (foreign, before, *UNKNOWN):
            answers = [client.get(f"{REPORTS}/{name}{tail}") for tail in READING]
            answers += [client.post(f"{REPORTS}/{name}/rerun", {})]
            if client is not clients[2]:
                answers += [client.delete(f"{REPORTS}/{name}"), client.post(f"{REPORTS}/{name}/cancel", {})]
            told |= {(one.status_code, re.sub(rb'"request_id":"\w*"', b"", one.content)) for one in answers}
    assert len(told) == 1
    assert told.pop()[0] == 404
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reports_report SET result = '{}'",
        "UPDATE reports_report SET state = 'pending', finished_at = NULL",
        "UPDATE reports_report SET owner_role = 'reporter'",
        "UPDATE reports_report SET owner_id = NULL",
        "INSERT INTO reports_report SELECT * FROM reports_report ON CONFLICT (id) DO UPDATE SET result = '{}'",
    ],
)
def test_no_statement_changes_what_a_finished_report_says(change):
    make_report()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tiny"])
def test_a_moment_before_all_days_is_refused_not_broken_at(admin, kind):
    parameters = {"dataset": "issues"} if kind == "raw_rows" else {}
    for moment in ("0001-01-01T00:00:00Z", "0001-01-20T00:00:00-11:00", "1969-12-31T00:00:00Z"):
        asked = jwt_client(admin).post(REPORTS, {"kind": kind, "as_of": moment, "parameters": parameters})
        assert (asked.status_code, asked.json()["error"]["details"][0]["field"]) == (400, "as_of")


def test_nobody_fills_the_disk_with_files_of_reports():
    reporter = make_user(Role.REPORTER)
    make_report(reporter, kind="raw_rows", file_key="x", file_bytes=MAX_FILE_BYTES, file_name="x")
    asked = {"kind": "raw_rows", "parameters": {"dataset": "issues"}}
    assert jwt_client(reporter).post(REPORTS, asked).status_code == 413
    assert jwt_client(make_user(Role.REPORTER)).post(REPORTS, asked).status_code == 202


@pytest.mark.parametrize("letters", ["\x01", "\x1b[31m", "\ufffe", "\uffff", "<script>alert(1)</script>", "\"'>&#1;"])
def test_a_place_that_a_reporter_named_breaks_no_picture_of_others(admin, letters):
    reporter = Actor.of_user(make_user(Role.REPORTER))
    values = {"category": find_default_category(), "title": "Lost", "place": f"Hall {letters}"}
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    create_incident(actor=reporter, values={**values, "latitude": 1.0, "longitude": 2.0, "occurred_at": moment})
    client = jwt_client(admin)
    told = make(client, "incident_hotspots", **{"from": "2026-01-01", "to": "2026-12-31"})
    assert told["state"] == "ready"
    for address in told["presentation"]["charts"]:
        picture = client.get(address).content
        names = {one.tag.partition("}")[2] for one in ElementTree.fromstring(picture).iter()}  # noqa: S314
        assert not names & {"script", "foreignObject", "image", "use"}
        assert draw_png(picture.decode()).startswith(b"\x89PNG")


def test_figures_next_to_nothing_break_neither_the_report_nor_the_picture_of_a_factory(admin):
    factory = make_factory([(5e-324, 5e-324), (1e12, 1e-300)])
    tiny = make_factory([(5e-324, 0.0)], name="Tiny")
    client = jwt_client(admin)
    assert make(client, "factory_production", days=3700)["state"] == "ready"
    assert {client.get(f"/v1/factories/{one.pk}/chart").status_code for one in (factory, tiny)} == {200}


@pytest.mark.parametrize("name", ["Daily\r\nBcc: all@example.com", "Daily\0", "Daily\x1b[2J", "Daily\u2028"])
def test_a_schedule_has_a_name_of_one_plain_line(admin, name):
    task, kwargs = "reports.sweeps.generate_report", {"kind": "tiny", "recipients": [admin.email]}
    with pytest.raises(InvalidInput):
        create_schedule(Actor.of_user(admin), name=name, task=task, when=Daily(7, 0, "UTC"), kwargs=kwargs)


@pytest.mark.parametrize(
    "title", [f"{'x' * 30}'zz", "\U0001f600" * 40, "a\ufffeb", "a\ud800b", "'", "[]:*?/\\", "History"]
)
def test_whatever_a_table_is_called_its_sheet_has_a_name_that_programs_take(title):
    tables = [Table("lines", title, (Heading("line", "=1+1"),), (Row(("@x",)),)) for _ in range(3)]
    made = write_document(Presentation(tables=tables), FileFormat.XLSX, stem="x", facts={})
    sheets = read_sheets(b"".join(made.pieces))
    names = {sheet.name.lower() for sheet in sheets}
    assert len(names) == 3
    assert all(0 < len(name.encode("utf-16-le")) <= 62 and name.strip("'") == name for name in names)
    assert all(sheet.rows == [[("inlineStr", "'=1+1")], [("inlineStr", "'@x")]] for sheet in sheets)
