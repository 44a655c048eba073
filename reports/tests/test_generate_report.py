"""generate_report: what the API does, from a shell."""

import json

import pytest
from django.core.management import CommandError, call_command

from reports.choices import ReportState
from reports.kinds import KINDS
from reports.models import Report
from reports.testing.kinds import make_kind
from tracker.choices import Role
from tracker.testing.factories import make_user


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_the_report_makes_it_and_prints_it(capsys):
    call_command("generate_report", "tiny", "--size=2", "--wait", "--quiet", "--as-of=2026-01-02T03:04:05")
    assert json.loads(capsys.readouterr().out)["size"] == 2
    report = Report.objects.get()
    assert (report.owner, report.state, report.parameters["size"]) == (None, ReportState.READY, 2)
    assert report.as_of.isoformat() == "2026-01-02T03:04:05+00:00"


@pytest.mark.django_db
def test_without_waiting_it_says_where_the_report_will_be(capsys):
    owner = make_user(Role.REPORTER)
    call_command("generate_report", "tiny", "--owner", owner.email.upper())
    report = Report.objects.get()
    assert capsys.readouterr().out == f"report {report.pk}: pending, /v1/reports/{report.pk}\n"
    assert report.owner == owner


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "kind: Choose one of"),
        (["tiny", "--size=0"], "parameters.size: Ensure"),
        (["tiny", "--project=OPS"], "parameters.project: Unknown"),
        (["tiny", "--as-of=soon"], "no moment"),
        (["tiny", "--owner=nobody@example.com"], "Nobody active"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("generate_report", *arguments)
    assert not Report.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_report_that_fails_fails_the_command(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind(compute=lambda question: {}))
    with pytest.raises(CommandError, match="Internal error"):
        call_command("generate_report", "tiny", "--wait", "--quiet")
