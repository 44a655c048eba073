"""The auditor finds what is planted, and nothing where all is well."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from incidents.intake.tickets import ingest_rows
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audits import FILES_RULE, RULES, Finding, audit
from incidents.services.comments import comment_on_incident
from incidents.testing.factories import make_attachment, make_issue
from incidents.testing.incident_factories import make_incident, make_incident_file
from tracker import clock
from tracker.access import Actor
from tracker.files.keeping import forget_files
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db

PLANTS = {
    "a ticket event belongs to a ticket": "UPDATE incidents_ticketevent SET ticket_id = 0",
    "a clock belongs to a ticket": "UPDATE incidents_clock SET ticket_id = 0 WHERE kind = 'response'",
    "an alert belongs to a ticket": "UPDATE incidents_alert SET ticket_id = 0",
    "a ticket has a history, and stands at its newest moment": "UPDATE incidents_ticket SET updated_at = now()",
    "a ticket event names the line of the log that says who sent it": (
        "UPDATE incidents_ticketevent SET logged_in_id = 0"
    ),
    "a due clock is swept within five minutes": "UPDATE incidents_clock SET next_check_at = now() - interval '1 hour'",
    "every step that a clock was alerted for has its alert": "UPDATE incidents_alert SET state = 'withdrawn'",
    "no alert stands for a step that its clock was not alerted for": "UPDATE incidents_clock SET alerted_percent = 1",
    "no alert fires for a clock that has stopped": (
        "UPDATE incidents_clock SET state = 'stopped', stopped_at = now() WHERE kind = 'response'"
    ),
    "a stopped clock has stopped somewhen, a live one has not": "UPDATE incidents_clock SET stopped_at = now()",
    "a lease ends": "UPDATE incidents_delivery SET status = 'leased', leased_until = now() - interval '1 hour'",
    "what is pending has a next attempt": "UPDATE incidents_delivery SET status = 'pending', next_attempt_at = NULL",
    "what is sent was attempted": "UPDATE incidents_delivery SET status = 'sent', attempts = 0, sent_at = NULL",
    "an incident has one open stay, which is as the incident is": (
        "UPDATE incidents_incidentspan SET ended_at = started_at"
    ),
    "an issue has one open stay, which is as the issue is": "UPDATE incidents_issue SET severity = 'critical'",
    "a file of a comment is where the comment is, and internal where that is": (
        "UPDATE incidents_attachment SET is_internal = false"
    ),
    "a comment or file of nobody with an account names who it is of": "UPDATE incidents_comment SET author_label = ''",
    "a person is in the one group of their role": "DELETE FROM tracker_user_groups",
}


@pytest.fixture
def _alerted_ticket_and_incident() -> None:
    make_user()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_channel (name, kind, url, secret, filters, is_enabled, consecutive_failures,"
            " last_error, created_at) VALUES ('c', 'webhook', 'http://127.0.0.1:9/', '', '{}', true, 0, '', now())"
        )
    now = clock.now()
    row = {
        "id": "T1", "priority": "high", "customer_tier": "gold", "status": "new",
        "created_at": now - timedelta(minutes=29), "updated_at": now - timedelta(minutes=29),
    }  # fmt: skip
    ingest_rows(actor=Actor.system("test"), rows=[row])
    assert sweep_due_clocks().alerts == 1
    make_issue()
    incident = make_incident()
    said = comment_on_incident(actor=Actor.system("mail"), incident=incident, body="Careful.", is_internal=True)
    make_incident_file(incident, make_user(), comment=said, is_internal=True)


@pytest.mark.usefixtures("_alerted_ticket_and_incident")
def test_all_is_well_after_ordinary_work(capsys: pytest.CaptureFixture[str]):
    assert audit() == []
    call_command("verify")
    assert "rules hold" in capsys.readouterr().out


def test_every_rule_has_something_planted_against_it():
    assert PLANTS.keys() == RULES.keys()


@pytest.mark.usefixtures("_alerted_ticket_and_incident")
@pytest.mark.parametrize("rule", PLANTS)
def test_a_planted_inconsistency_is_found_and_named(rule: str):
    with connection.cursor() as cursor:
        cursor.execute(PLANTS[rule])
    assert rule in [finding.rule for finding in audit()]


def test_the_command_fails_and_says_what_is_broken(capsys: pytest.CaptureFixture[str]):
    make_user()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracker_user_groups")
    with pytest.raises(CommandError, match="1 of"):
        call_command("verify")
    assert "a person is in the one group of their role" in capsys.readouterr().err


def test_a_file_that_is_lost_is_found():
    row = make_attachment(make_issue())
    assert audit() == []
    forget_files([row.storage_key])
    assert audit() == [Finding(FILES_RULE, 1, [row.storage_key])]
