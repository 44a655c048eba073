"""Reports over the API as files: for their owner alone, as downloads, and gone with the rights."""

import csv
import io
import json

import pytest

from reports.choices import ReportState
from reports.kinds import KINDS
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from reports.testing.sheets import read_sheets
from tracker.choices import Role
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload
from tracker.testing.factories import jwt_client, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tiny(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setitem(KINDS, "tiny", make_kind())


def with_file(owner):
    with Upload.of_chunks("rows.csv", [b"id\n1\n"]) as upload:
        key = keep_file(upload)
    return make_report(owner, file_key=key, file_name='ro"ws.csv', file_type="text/csv; charset=utf-8", file_bytes=5)


def body(answer):
    return b"".join(answer.streaming_content)


def test_the_owner_takes_a_report_home_in_every_format():
    owner = make_user()
    report, client = make_report(owner), jwt_client(owner)
    answer = client.get(f"/v1/reports/{report.pk}/export?format=csv", headers={"Accept": "text/csv"})
    assert answer["Content-Disposition"] == f'attachment; filename="tiny-{report.pk}.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert list(csv.reader(io.StringIO(body(answer).decode())))[1:] == [["line 1", "1"], ["line 2", "2"]]
    (sheet,) = read_sheets(body(client.get(f"/v1/reports/{report.pk}/export?format=xlsx")))
    assert sheet.rows[1] == [("inlineStr", "line 1"), ("n", "1")]
    document = json.loads(body(client.get(f"/v1/reports/{report.pk}/export?format=json")))
    assert (document["content_hash"], document["result"]) == (report.content_hash, report.result)
    assert client.get(f"/v1/reports/{report.pk}/export?format=parquet").status_code == 400


def test_there_is_nothing_to_export_of_a_report_that_is_not_ready():
    owner = make_user()
    report = make_report(owner, state=ReportState.FAILED, error="No.")
    assert jwt_client(owner).get(f"/v1/reports/{report.pk}/export").status_code == 409
    assert jwt_client(owner).get(f"/v1/reports/{report.pk}/file").status_code == 404


def test_a_file_is_always_a_download_that_nothing_runs():
    owner = make_user()
    report = with_file(owner)
    answer = jwt_client(owner).get(f"/v1/reports/{report.pk}/file")
    assert body(answer) == b"id\n1\n"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert (answer["X-Content-Type-Options"], answer["Content-Length"]) == ("nosniff", "5")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_another_person_sees_nothing_and_the_owner_nothing_any_more_once_their_rights_are_gone():
    owner = make_user(Role.ADMIN)
    report = with_file(owner)
    for address in (f"/v1/reports/{report.pk}/export", f"/v1/reports/{report.pk}/file"):
        assert jwt_client(make_user()).get(address).status_code == 404
        assert jwt_client(make_user(Role.REPORTER)).get(address).status_code == 404
    owner.role = Role.MAINTAINER
    owner.save()
    for address in (f"/v1/reports/{report.pk}/export", f"/v1/reports/{report.pk}/file"):
        assert jwt_client(owner).get(address).status_code == 404
