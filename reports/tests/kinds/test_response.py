"""MTTA and MTTR: how soon somebody reacts, and how soon it is over; within the reader's rights, as of a moment."""

import pytest

from incidents.choices import AlertState
from incidents.services.incident_moves import finish_incident, move_incident
from incidents.services.issue_moves import move_issue
from incidents.services.issues import create_issue
from incidents.testing.factories import make_alert, make_ticket
from incidents.testing.incident_factories import make_incident
from incidents.testing.ticket_events import at, ingest, make_event
from reports.kinds.response import MEASURES, RESPONSE
from reports.kinds.response_pages import MEASURES as SHOWN
from reports.services.digests import spell_json
from reports.testing.asking import ask_kind
from reports.testing.drilling import count_behind
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_project, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
HOUR = 60


def ask(as_of=600, **parameters):
    return ask_kind(RESPONSE, as_of=at(as_of), **{"days": 2, **parameters})


def means(result):
    """n and mean minutes of each measure that has any."""
    return {
        one["key"]: (one["n"], one["wall"]["mean"] / 60)
        for one in result["measures"]
        if one["n"] or one["wall"]["mean"] is not None
    }


@pytest.fixture
def world(move_clock):
    """Two of most things, one quick and one slow; what began at minute 0 unless said otherwise."""
    for key in ("OPS", "DEV"):
        make_project(key=key)
    ticket = make_ticket(external_id="X", created_at=at(-9000), updated_at=at(-9000), received_at=at(-9000))
    for minutes in (4, 16):
        make_alert(ticket, fired_at=at(0), acknowledged_at=at(minutes), state=AlertState.ACKED)
    make_alert(ticket, fired_at=at(0))
    incidents, reporter = [], Actor.of_user(make_user(Role.REPORTER))
    for triaged, done in ((10, 60), (30, 120)):
        move_clock(to=at(0))
        incidents.append(make_incident(actor=reporter if triaged == 10 else SYSTEM))
        move_clock(to=at(triaged))
        move_incident(actor=SYSTEM, incident=incidents[-1], status="TRIAGED")
        move_clock(to=at(done))
        finish_incident(actor=SYSTEM, incident=incidents[-1])
    move_clock(to=at(0))
    issue = create_issue(actor=SYSTEM, values={"title": "Work"})
    move_clock(to=at(45))
    move_issue(actor=SYSTEM, issue=issue, status="TRIAGED")
    move_clock(to=at(599))
    ingest(
        make_event("A", minutes=0, project="OPS"), make_event("A", "active", 20, project="OPS"),
        make_event("A", "resolved", 200, project="OPS"), make_event("B", minutes=0), make_event("B", "closed", 100),
        make_event("C", minutes=0), make_event("C", "solved", 100), make_event("C", "reopened", 150),
    )  # fmt: skip
    return {"incidents": incidents, "issue": issue, "reporter": reporter, "ticket": ticket}


def test_each_measure_has_its_mean(world):
    result = ask()
    assert means(result) == {
        "alerts_acknowledged": (2, 10),
        "tickets_answered": (3, pytest.approx((20 + 100 + 100) / 3, abs=0.01)),
        "tickets_resolved": (2, 150),
        "incidents_triaged": (2, 20),
        "incidents_done": (2, 90),
        "issues_triaged": (1, 45),
    }
    issues_done = next(one for one in result["measures"] if one["key"] == "issues_done")
    assert issues_done["n"] == 0
    assert issues_done["wall"]["mean"] is None, "nothing is no zero"
    assert {one["key"]: one["over_time"][-1]["n"] for one in result["measures"]} == {
        one["key"]: one["n"] for one in result["measures"]
    }, "all of it on the second day"
    assert {measure.key for measure in MEASURES} == set(SHOWN)
    assert means(ask(project="OPS")) == {"tickets_answered": (1, 20), "tickets_resolved": (1, 200)}


def test_each_figure_leads_to_exactly_its_rows_and_each_chart_has_its_table(world):
    maintainer = make_user()
    clients = {"page": session_client(maintainer), "api": jwt_client(maintainer)}
    shown = RESPONSE.present(ask(), {})
    assert len(shown.charts) == 4
    for table in shown.tables:
        n = [heading.key for heading in table.headings].index("n")
        for row in table.rows:
            if row.drill:
                assert count_behind(row.drill, **clients) == (row.cells[n], row.cells[n]), row
    assert (shown.figures[0].value, shown.figures[-1].value) == ("10 min", "–")


def test_nothing_that_happens_later_changes_what_is_said_of_a_moment(world, move_clock):
    kept = [spell_json(ask(as_of=moment)) for moment in (600, 50)]
    tables = RESPONSE.present(ask(), {}).tables[::2]
    behind = [row.cells[1] for table in tables for row in table.rows]
    move_clock(to=at(700))
    ingest(make_event("A", "active", 650, project="DEV"), make_event("B", "active", 30), make_event("D", "closed", 90))
    move_incident(actor=SYSTEM, incident=world["incidents"][0], status="OPEN")
    move_issue(actor=SYSTEM, issue=world["issue"], status="IN_PROGRESS")
    make_incident()
    world["ticket"].alerts.filter(acknowledged_at=None).update(acknowledged_at=at(690), state=AlertState.ACKED)
    world["ticket"].alerts.filter(acknowledged_at=at(4)).update(withdrawn_at=at(695), state=AlertState.WITHDRAWN)
    assert [spell_json(ask(as_of=moment)) for moment in (600, 50)] == kept
    clients = {"page": session_client(make_user()), "api": jwt_client(make_user())}
    counted = [count_behind(row.drill, **clients) for table in tables for row in table.rows]
    assert counted == [(n, n) for n in behind]
    later = means(ask(as_of=700))
    assert later["alerts_acknowledged"] == (2, pytest.approx((16 + 690) / 2))
    assert later["tickets_resolved"][0] == 2
    assert later["incidents_done"] == (1, 120)


def test_reporters_are_told_of_their_own_reports_alone(world):
    result = ask(actor=world["reporter"])
    assert means(result) == {"incidents_triaged": (1, 10), "incidents_done": (1, 60)}
    assert {one["key"].partition("_")[0] for one in result["measures"]} == {"incidents", "issues"}
