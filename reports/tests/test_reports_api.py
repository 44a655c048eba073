"""/v1/reports: asked for, followed, read as figures, tables and pictures, cancelled, deleted; by whose they are."""

import pytest

from reports.choices import ReportState
from reports.kinds import KINDS
from reports.models import Report
from reports.services.digests import hash_content
from reports.services.report_runs import run_due_reports
from reports.testing.factories import make_report
from reports.testing.kinds import ProjectParameters, make_kind
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db
REPORTS = "/v1/reports"


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def client(owner):
    return jwt_client(owner)


def test_a_report_is_asked_for_followed_and_read(client):
    asked = client.post(REPORTS, {"kind": "tiny", "parameters": {"size": 2}})
    assert (asked.status_code, asked.json()["status"], asked.json()["presentation"]) == (202, "pending", None)
    address = asked["Location"]
    run_due_reports()
    told = client.get(address).json()
    assert (told["type"], told["params"], told["status"]) == ("tiny", {"size": 2, "word": "line"}, "ready")
    assert told["result"]["size"] == 2
    assert told["created_at"] <= told["started_at"] <= told["finished_at"]
    shown = told["presentation"]
    assert shown["figures"] == [{"label": "Lines", "value": "2", "drill": None}]
    assert [row["cells"] for row in shown["tables"][0]["rows"]] == [["line 1", 1], ["line 2", 2]]
    report = Report.objects.get()
    names = ("kind", "parameters", "result", "policy_versions")
    assert told["content_hash"] == hash_content(as_of=report.as_of, **{name: told[name] for name in names})
    again = client.get(address, headers={"If-None-Match": client.get(address)["ETag"]})
    assert again.status_code == 304


def test_its_charts_are_pictures_that_bring_their_colours_along(client):
    asked = client.post(REPORTS, {"kind": "tiny"})
    run_due_reports()
    (address,) = client.get(asked["Location"]).json()["presentation"]["charts"]
    answer = client.get(address)
    picture = answer.content.decode()
    assert answer["Content-Type"] == "image/svg+xml"
    assert picture.startswith("<svg ")
    assert "<style>" in picture
    assert "var(--" not in picture
    assert "script" not in answer["Content-Security-Policy"]
    assert {client.get(f"{address}{wrong}").status_code for wrong in ("0", "x")} == {404}


def test_kinds_tell_what_they_take_to_those_who_may_ask(client, monkeypatch):
    monkeypatch.setitem(KINDS, "secret", make_kind("secret", resources=("audit_log",)))
    kinds = {kind["kind"]: kind for kind in client.get(f"{REPORTS}/kinds").json()}
    assert "secret" not in kinds
    size, word = kinds["tiny"]["parameters"]
    assert (size["name"], size["type"], size["default"], size["is_required"]) == ("size", "integer", 3, False)
    assert word["choices"] is None
    assert client.post(REPORTS, {"kind": "secret"}).status_code == 403


def test_a_rerun_answers_the_same_hash(client):
    asked = client.post(REPORTS, {"kind": "tiny"})
    run_due_reports()
    again = client.post(f"{asked['Location']}/rerun")
    assert (again.status_code, again["Location"] != asked["Location"]) == (202, True)
    run_due_reports()
    first, second = (client.get(answer["Location"]).json() for answer in (asked, again))
    assert (first["as_of"], first["content_hash"]) == (second["as_of"], second["content_hash"])


def test_a_waiting_report_is_cancelled_once_and_deleted(client):
    address = client.post(REPORTS, {"kind": "tiny"})["Location"]
    cancelled = client.post(f"{address}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert client.post(f"{address}/cancel").status_code == 409
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "nothing"}, "kind"),
        ({"kind": "tiny", "parameters": {"size": "many"}}, "parameters.size"),
        ({"kind": "tiny", "parameters": []}, "parameters"),
        ({"kind": "tiny", "as_of": "2999-01-01T00:00:00Z"}, "as_of"),
        ({"kind": "tiny", "owner": 1}, "owner"),
    ],
)
def test_what_is_wrong_is_named(client, body, field):
    answer = client.post(REPORTS, body)
    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [field]


def test_lists_are_narrowed_and_hold_no_results(client, owner):
    make_report(owner)
    failed = make_report(owner, state=ReportState.FAILED, error="It broke.")
    make_report()
    assert client.get(REPORTS).json()["count"] == 2
    (row,) = client.get(f"{REPORTS}?state=failed&kind=tiny").json()["results"]
    assert (row["id"], row["status"], row["error"]) == (failed.pk, "failed", "It broke.")
    assert "result" not in row
    assert client.get(f"{REPORTS}?state=lost").status_code == 400


def test_a_projects_daily_summary_is_asked_for_by_those_who_know_the_project(monkeypatch, client):
    monkeypatch.setitem(KINDS, "daily_summary", make_kind("daily_summary", parameters=ProjectParameters))
    project, reporter = make_project(key="OPS"), make_user(Role.REPORTER)
    for name in ("OPS", "ops", project.pk):
        answer = client.post(f"{REPORTS}/project/{name}/daily-summary")
        assert (answer.status_code, answer.json()["params"]) == (202, {"project": "OPS"})
        assert answer.json()["project"] == "OPS"
    assert Report.objects.count() == 1
    outside = jwt_client(reporter)
    assert {outside.post(f"{REPORTS}/project/{name}/daily-summary").status_code for name in ("OPS", "NO")} == {404}
    project.members.add(reporter)
    address = outside.post(f"{REPORTS}/project/OPS/daily-summary")["Location"]
    project.members.clear()
    assert outside.get(address).status_code == 404


def test_a_reporters_token_reaches_no_further_than_they_do(owner):
    reporter = make_user(Role.REPORTER)
    own, other = make_report(reporter), make_report(owner)
    for client in (token_client("reports", owner=reporter), jwt_client(reporter)):
        assert client.get(f"{REPORTS}/{own.pk}").status_code == 200
        assert client.get(f"{REPORTS}/{other.pk}").status_code == 404
    assert token_client("reports", owner=owner).get(f"{REPORTS}/{own.pk}").status_code == 404
    assert token_client("read", owner=reporter).get(f"{REPORTS}/{own.pk}").status_code == 403
