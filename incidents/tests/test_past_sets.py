"""Lists by what was known at a moment: what happens afterwards moves no row in or out."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.choices import AlertState
from incidents.models import Alert, Incident, Issue, Ticket
from incidents.services.incident_moves import finish_incident
from incidents.services.issue_moves import finish_issue, move_issue
from incidents.services.issues import create_issue, update_issue
from incidents.services.past_sets import (
    ACKNOWLEDGED,
    ALERTS,
    ANSWERED,
    NONE,
    RESOLVED,
    TICKETS,
    WORK,
    PastSet,
    incidents_of,
    issues_of,
    read_past_set,
    write_past_set,
)
from incidents.services.past_tickets import alerts_of, tickets_of
from incidents.testing.factories import make_alert, make_ticket
from incidents.testing.incident_factories import make_incident
from incidents.testing.ticket_events import at, ingest, make_event
from tracker.access import Actor
from tracker.exceptions import InvalidInput
from tracker.testing.factories import jwt_client, make_project, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def hours(count):
    return MONDAY + timedelta(hours=count)


def keys(rows):
    return sorted(row.title for row in rows)


def known(rows=None, **wanted):
    return keys(issues_of(Issue.objects.all() if rows is None else rows, PastSet(**wanted)))


@pytest.fixture
def issue(move_clock):
    """Reported at 0 h, triaged at 1 h, done at 10 h, high from 20 h, opened again at 30 h, done once more at 50 h."""
    project = make_project(key="OPS")
    move_clock(to=hours(0))
    issue = create_issue(actor=SYSTEM, values={"title": "Boiler", "severity": "low"}, project=project)
    move_clock(to=hours(1))
    move_issue(actor=SYSTEM, issue=issue, status="TRIAGED")
    move_clock(to=hours(10))
    finish_issue(actor=SYSTEM, issue=issue)
    move_clock(to=hours(20))
    update_issue(actor=SYSTEM, issue=issue, changes={"severity": "high"})
    move_clock(to=hours(30))
    move_issue(actor=SYSTEM, issue=issue, status="OPEN")
    move_clock(to=hours(50))
    finish_issue(actor=SYSTEM, issue=issue)
    return issue


def test_a_stay_knows_when_its_status_began_and_how_old_the_row_was(issue):
    told = [(span.status, span.severity, span.age_seconds // 3600) for span in issue.spans.order_by("id")]
    assert told == [
        ("OPEN", "low", 0),
        ("TRIAGED", "low", 1),
        ("IN_PROGRESS", "low", 10),
        ("DONE", "low", 10),
        ("DONE", "high", 10),
        ("OPEN", "high", 30),
        ("TRIAGED", "high", 50),
        ("IN_PROGRESS", "high", 50),
        ("DONE", "high", 50),
    ]
    assert [span.entered_at for span in issue.spans.filter(status="DONE").order_by("id")] == [
        hours(10), hours(10), hours(50),
    ]  # fmt: skip


def test_it_is_found_where_it_stood_at_each_moment(issue):
    for moment, status in ((0, "OPEN"), (1, "TRIAGED"), (9, "TRIAGED"), (10, "DONE"), (29, "DONE"), (30, "OPEN")):
        for word in ("OPEN", "TRIAGED", "IN_PROGRESS", "DONE"):
            assert known(as_of=hours(moment), was=word) == (["Boiler"] if word == status else [])
    assert known(as_of=hours(-1), was="OPEN") == []


def test_it_came_into_a_status_when_the_status_began_whatever_else_changed(issue):
    day = {"start": hours(5), "end": hours(11)}
    assert known(as_of=hours(25), was="DONE", **day) == ["Boiler"]
    assert known(as_of=hours(25), was="DONE", severity="high", project="OPS", assignee=NONE, **day) == ["Boiler"]
    assert known(as_of=hours(25), was="DONE", severity="low", **day) == []
    assert known(as_of=hours(25), was="DONE", project="DEV", **day) == []
    assert known(as_of=hours(60), was="DONE", **day) == []
    assert known(as_of=hours(60), was="DONE", start=hours(50), end=hours(51)) == ["Boiler"]
    assert known(as_of=hours(60), first="TRIAGED", start=hours(0), end=hours(2)) == ["Boiler"]
    assert known(as_of=hours(60), first="TRIAGED", start=hours(2), end=hours(60)) == []


def test_incidents_likewise(move_clock):
    move_clock(to=hours(0))
    incident = make_incident(title="Fire")
    move_clock(to=hours(4))
    finish_incident(actor=SYSTEM, incident=incident)
    done = PastSet(as_of=hours(5), was="DONE", start=hours(4), end=hours(5), project=NONE)
    assert keys(incidents_of(Incident.objects.all(), done)) == ["Fire"]
    assert list(incidents_of(Incident.objects.all(), PastSet(as_of=hours(5), was="OPEN"))) == []


def test_tickets_are_answered_and_resolved_by_what_had_been_heard_of_them(move_clock):
    for key in ("OPS", "DEV"):
        make_project(key=key)
    move_clock(to=at(100))
    ingest(
        make_event("A", minutes=0, project="OPS"),
        make_event("A", "In  Progress", 10, project="OPS"),
        make_event("A", "resolved", 50, project="OPS"),
        make_event("A", "closed", 60, project="OPS"),
        make_event("B", minutes=5),
    )

    def found(got, first, last, as_of, **others):
        wanted = PastSet(as_of=at(as_of), got=got, start=at(first), end=at(last), **others)
        return [ticket.external_id for ticket in tickets_of(Ticket.objects.all(), wanted)]

    move_clock(to=at(200))
    ingest(make_event("A", "open", 150, project="DEV"), make_event("B", "active", 8), make_event("A", "solved", 180))
    assert found(ANSWERED, 0, 20, as_of=100) == ["A"]
    assert found(ANSWERED, 0, 9, as_of=100) == []
    assert found(RESOLVED, 50, 51, as_of=100) == ["A"]
    assert found(RESOLVED, 50, 51, as_of=100, project="OPS") == ["A"]
    assert found(RESOLVED, 50, 51, as_of=100, project=NONE) == []
    assert found(RESOLVED, 0, 300, as_of=149) == ["A"]
    assert sorted(found(ANSWERED, 0, 20, as_of=200)) == ["A", "B"]
    assert found(RESOLVED, 0, 179, as_of=200) == []
    assert found(RESOLVED, 180, 181, as_of=200, project=NONE) == ["A"]


def test_alerts_count_once_somebody_took_them_on():
    ticket = make_ticket()
    taken = make_alert(ticket, fired_at=hours(0), acknowledged_at=hours(2), state=AlertState.ACKED)
    make_alert(ticket, fired_at=hours(0))
    make_alert(ticket, fired_at=hours(0), acknowledged_at=hours(1), withdrawn_at=hours(3), state=AlertState.WITHDRAWN)

    def found(as_of, **others):
        wanted = PastSet(as_of=hours(as_of), got=ACKNOWLEDGED, start=hours(0), end=hours(9), **others)
        return list(alerts_of(Alert.objects.all(), wanted))

    assert found(4) == [taken]
    assert len(found(2)) == 2
    assert len(found(1)) == 1
    assert found(4, project=NONE) == [taken]
    assert found(4, project="OPS") == []


def test_an_address_says_what_it_means_and_nothing_else_is_taken():
    wanted = PastSet(
        as_of=hours(0), was="DONE", start=hours(-9), end=hours(0), project="OPS", assignee="7", severity="high"
    )
    text = write_past_set(wanted)
    assert read_past_set(text, things=WORK) == wanted
    moment = "2026-03-02T12:00:00Z"
    ticket = f"got:resolved from:{moment} to:{moment} as_of:{moment}"
    assert read_past_set(ticket, things=TICKETS).got == RESOLVED
    for bad in (
        "", "was:DONE", f"as_of:{moment}", f"was:NOPE as_of:{moment}", f"got:resolved as_of:{moment}",
        f"was:DONE as_of:{moment} as_of:{moment}", f"was:DONE first:OPEN as_of:{moment}", "was:DONE as_of:2026-03-02",
        f"was:DONE as_of:{moment} assignee:me", f"was:DONE as_of:{moment} severity:worst", f"x:1 {text}", "x" * 400,
        f"was:DONE as_of:{moment} assignee:٣", "was:DONE as_of:9999-99-99T00:00:00Z", f"{text} colour:red",
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            read_past_set(bad, things=WORK)
    with pytest.raises(InvalidInput):
        read_past_set(f"got:answered as_of:{moment}", things=TICKETS)
    with pytest.raises(InvalidInput):
        read_past_set(ticket, things=ALERTS)


def test_lists_take_it_and_reporters_ask_for_nobody_else(issue):
    text = write_past_set(PastSet(as_of=hours(25), was="DONE", project="OPS"))
    answer = jwt_client(make_user()).get("/v1/issues", {"history": text})
    assert [one["title"] for one in answer.json()["results"]] == ["Boiler"]
    assert jwt_client(make_user()).get("/v1/issues", {"history": "was:DONE"}).status_code == 400
    page = session_client(make_user()).get("/admin/incidents/issue/", {"history": text, "status": "all"})
    assert "Boiler" in page.content.decode()
    gone = text.replace("was:DONE", "was:OPEN")
    page = session_client(make_user()).get("/admin/incidents/issue/", {"history": gone, "status": "all"})
    assert "Boiler" not in page.content.decode()
    reporter = jwt_client(make_user("reporter"))
    assert reporter.get("/v1/issues", {"history": text}).json()["results"] == []
    assert reporter.get("/v1/issues", {"history": f"{text} assignee:7"}).status_code == 400
