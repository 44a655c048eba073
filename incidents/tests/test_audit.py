"""F40: the auditor finds what is planted within one pass, repairs what is no guess, and flags the rest."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from incidents.choices import FindingState
from incidents.intake.tickets import ingest_rows
from incidents.models import AuditFinding
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audit_passes import audit_lately
from incidents.services.audit_registry import all_rules
from incidents.services.audits import FILES_RULE, Finding, audit, look_everywhere
from incidents.services.comments import comment_on_incident
from incidents.testing.factories import make_attachment, make_issue
from incidents.testing.incident_factories import make_incident, make_incident_file
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.files.keeping import forget_files
from tracker.models import Event, Notification
from tracker.partitions import EVENTS, add_months, present_month
from tracker.services.partitions import create_partitions
from tracker.testing.factories import make_factory, make_notification, make_user

pytestmark = pytest.mark.django_db
# What the ordinary services bring in order; all else is flagged, for it would be a guess.
REPAIRED = {
    "a ticket has a history, and stands at its newest moment": "UPDATE incidents_ticket SET updated_at = now()",
    "a ticket's nearest deadlines are those of its live clocks": "UPDATE incidents_ticket SET due_at = now()",
    "a clock is what its ticket's history makes of it, counted the slow way": (
        "UPDATE incidents_clock SET elapsed_seconds = elapsed_seconds + 60, anchor_at = anchor_at + interval '1 minute'"
    ),
    "what asks to be judged anew is, within ten minutes": (
        "UPDATE incidents_ticket SET replay_requested_at = now() - interval '1 hour'"
    ),
    "a stopped clock has stopped somewhen, a live one has not": "UPDATE incidents_clock SET stopped_at = now()",
    "a due clock is swept within five minutes": "UPDATE incidents_clock SET next_check_at = now() - interval '1 hour'",
    "a clock wakes for the next step that nobody was told of": "UPDATE incidents_clock SET next_check_at = NULL",
    "every step that a clock was alerted for has its alert": "UPDATE incidents_alert SET state = 'withdrawn'",
    "no alert stands for a step that its clock was not alerted for": "UPDATE incidents_clock SET alerted_percent = 1",
    "no alert fires for a clock that has stopped": (
        "UPDATE incidents_clock SET state = 'stopped', stopped_at = now() WHERE kind = 'response'"
    ),
    "an alert that fired today goes to every channel that wants it": "DELETE FROM incidents_delivery",
    "a lease ends": (
        "UPDATE incidents_delivery SET status = 'leased', lease = gen_random_uuid(), attempts = 1,"
        " leased_until = now() - interval '1 hour', next_attempt_at = NULL"
    ),
    "what is pending has a next attempt": "UPDATE incidents_delivery SET next_attempt_at = NULL",
    "a project's next issue number is free": "UPDATE tracker_project SET last_issue_number = 0",
    "an incident that waits for look-ups has one to come": (
        "UPDATE incidents_incident SET created_at = now() - interval '1 hour', enrichment = 'NEW';"
        "DELETE FROM incidents_enrichmentrun"
    ),
    "a look-up about an incident comes to its end": (
        "UPDATE incidents_enrichmentrun SET state = 'running', leased_until = NULL"
    ),
    "a person is in the one group of their role": "DELETE FROM tracker_user_groups",
    "a letter that is due is written within ten minutes": (
        "UPDATE tracker_notification SET mail_at = now() - interval '1 hour'"
    ),
}
FLAGGED = {
    "a ticket event belongs to a ticket": "UPDATE incidents_ticketevent SET ticket_id = 0",
    "a ticket event names the line of the log that says who sent it": (
        "UPDATE incidents_ticketevent SET logged_in_id = 999999999999"
    ),
    "a clock belongs to a ticket": "UPDATE incidents_clock SET ticket_id = 0 WHERE kind = 'response'",
    "an alert belongs to a ticket": "UPDATE incidents_alert SET ticket_id = 0",
    "what is sent was attempted": (
        "UPDATE incidents_delivery SET status = 'sent', attempts = 0, sent_at = NULL, next_attempt_at = NULL"
    ),
    "an incident has one open stay, which is as the incident is": (
        "UPDATE incidents_incidentspan SET ended_at = started_at"
    ),
    "an issue has one open stay, which is as the issue is": "UPDATE incidents_issue SET severity = 'critical'",
    "a file of a comment is where the comment is, and internal where that is": (
        "UPDATE incidents_attachment SET is_internal = false"
    ),
    "a comment of nobody with an account names who it is of": "UPDATE incidents_comment SET author_label = ''",
    "a file of nobody with an account names who it is of": "UPDATE incidents_attachment SET uploaded_by_id = NULL",
}
BY_NIGHT = {
    "a factory knows how many points its series has": "UPDATE tracker_factory SET points_count = 7",
    "a table's next number is a new one": "SELECT setval(pg_get_serial_sequence('incidents_issue', 'id'), 1, true)",
}
MONTHS_RULE = "a table in months has the next one"
PLANTS = REPAIRED | FLAGGED | BY_NIGHT


@pytest.fixture
def _a_house() -> None:
    make_notification(make_user())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO incidents_channel (name, kind, url, secret, filters, is_enabled, consecutive_failures,"
            " last_error, created_at) VALUES ('c', 'webhook', 'http://127.0.0.1:9/', '', '{}', true, 0, '',"
            " now() - interval '1 day')"
        )
    moment = clock.now() - timedelta(minutes=29)
    row = {
        "id": "T1", "priority": "high", "customer_tier": "gold", "status": "new",
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    ingest_rows(actor=Actor.system("test"), rows=[row])
    assert sweep_due_clocks().alerts == 1
    make_issue(), make_issue()
    incident = make_incident()
    said = comment_on_incident(actor=Actor.system("mail"), incident=incident, body="Careful.", is_internal=True)
    make_incident_file(incident, make_user(), comment=said, is_internal=True)
    make_factory([(1, 1)])


def _plant(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("_a_house")
def test_all_is_well_after_ordinary_work(capsys: pytest.CaptureFixture[str]):
    assert audit() == []
    assert audit_lately().found == 0
    call_command("verify", all=True)
    assert "rules hold" in capsys.readouterr().out
    assert not AuditFinding.objects.exists()


def test_every_rule_has_something_planted_against_it():
    ours = {name for name, rule in all_rules().items() if rule.subject not in ("report", "dailystat")}
    assert PLANTS.keys() | {FILES_RULE, MONTHS_RULE} == ours


@pytest.mark.usefixtures("_a_house")
def test_what_is_no_guess_is_found_and_repaired_within_one_pass():
    for rule, plant in REPAIRED.items():
        _plant(plant)
        assert any(look_everywhere(all_rules()[rule])), rule
        assert audit_lately().found > 0, rule
        # What one fault breaks may be told by several rules, of which the first one's repair helps the others.
        assert not AuditFinding.objects.exclude(state=FindingState.REPAIRED).exists(), rule
        deleted, _ = AuditFinding.objects.all().delete()
        assert Event.objects.filter(verb="audit.repaired").count() >= deleted > 0
    assert audit() == []


@pytest.mark.usefixtures("_a_house")
def test_what_would_be_a_guess_is_found_within_one_pass_and_told_to_admins_once():
    admin = make_user(Role.ADMIN)
    for plant in FLAGGED.values():
        _plant(plant)
    audit_lately()
    audit_lately()
    open_ones = AuditFinding.objects.filter(state=FindingState.OPEN)
    assert FLAGGED.keys() <= {row.rule for row in open_ones}
    told = Notification.objects.filter(kind="operation")
    assert {row.recipient_id for row in told} == {admin.pk}
    assert FLAGGED.keys() <= {row.headline.removeprefix("Does not hold: ") for row in told}
    assert len({row.headline for row in told}) == len(told)


@pytest.mark.usefixtures("_a_house")
@pytest.mark.parametrize("rule", BY_NIGHT)
def test_what_is_dear_to_ask_is_repaired_by_the_command(rule: str, capsys: pytest.CaptureFixture[str]):
    _plant(BY_NIGHT[rule])
    assert [finding.rule for finding in audit()] == [rule]
    call_command("verify", repair=True)
    assert "1 repaired" in capsys.readouterr().out


def test_months_that_come_to_an_end_are_made():
    create_partitions(actor=Actor.system("test"))
    assert audit() == []
    for ahead in (1, 2, 3):
        _plant(f"DROP TABLE {EVENTS.partition(add_months(present_month(), ahead))}")
    assert audit() == [Finding(MONTHS_RULE, 1, [EVENTS.name])]
    call_command("verify", repair=True)
    assert audit() == []


def test_the_command_fails_and_says_what_is_broken(capsys: pytest.CaptureFixture[str]):
    make_user()
    _plant("DELETE FROM tracker_user_groups")
    with pytest.raises(CommandError, match="1 of"):
        call_command("verify")
    assert "broken 1 times: a person is in the one group of their role (such as user " in capsys.readouterr().err


def test_a_file_that_is_lost_is_found():
    row = make_attachment(make_issue())
    assert audit() == []
    forget_files([row.storage_key])
    assert audit() == [Finding(FILES_RULE, 1, [row.storage_key])]
