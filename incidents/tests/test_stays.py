"""A stay tells status, severity, project and assignee: whoever changes one of them ends it and begins the next."""

from datetime import timedelta

import pytest

from incidents.admin.incident_timeline import read_incident_timeline
from incidents.admin.issue_timeline import read_issue_timeline
from incidents.choices import Severity
from incidents.services.incidents import update_incident
from incidents.services.issue_moves import move_issue
from incidents.services.issues import update_issue
from incidents.services.steps import begin_stays
from incidents.testing.factories import make_issue
from incidents.testing.incident_factories import make_incident
from tracker import clock
from tracker.access import Actor
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def stays(row):
    assert row.spans.filter(ended_at=None).count() == 1
    rows = list(row.spans.order_by("id"))
    assert [stay.ended_at for stay in rows[:-1]] == [stay.started_at for stay in rows[1:]]
    return [(stay.status, stay.severity, stay.project and stay.project.key, stay.assignee) for stay in rows]


def test_each_change_of_an_issue_that_figures_ask_for_begins_a_stay():
    maintainer = make_user()
    ops, dev = make_project(key="OPS"), make_project(key="DEV")
    issue = make_issue(project=ops, severity="low")
    for changes in ({"severity": "high"}, {"title": "Other words"}, {"assignee": maintainer}, {"project": dev}):
        update_issue(actor=SYSTEM, issue=issue, changes=changes)
    move_issue(actor=SYSTEM, issue=issue, status="TRIAGED")
    assert stays(issue) == [
        ("OPEN", "low", "OPS", None),
        ("OPEN", "high", "OPS", None),
        ("OPEN", "high", "OPS", maintainer),
        ("OPEN", "high", "DEV", maintainer),
        ("TRIAGED", "high", "DEV", maintainer),
    ]
    told = [entry.words for entry in read_issue_timeline(issue, []).entries if entry.tone == "event"]
    assert [words.partition(",")[0] for words in told] == ["Open → Triaged", "Opened"]


def test_so_does_each_change_of_an_incident():
    maintainer = make_user()
    incident, project = make_incident(severity="low"), make_project(key="OPS")
    update_incident(actor=SYSTEM, incident=incident, changes={"severity": "critical", "project": project})
    update_incident(actor=SYSTEM, incident=incident, changes={"assignee": maintainer, "place": "Gate 3"})
    assert stays(incident) == [
        ("OPEN", "low", None, None),
        ("OPEN", "critical", "OPS", None),
        ("OPEN", "critical", "OPS", maintainer),
    ]
    told = [entry for entry in read_incident_timeline(SYSTEM, incident).entries if entry.words == "Opened"]
    assert len(told) == 1


def test_a_clock_that_was_set_back_makes_no_stay_end_before_it_began():
    issue = make_issue()
    with clock.moved(by=-timedelta(hours=1)):
        update_issue(actor=SYSTEM, issue=issue, changes={"severity": Severity.HIGH})
    first, second = issue.spans.order_by("id")
    assert first.started_at == first.ended_at == second.started_at


def test_nothing_changed_is_no_stay():
    rows = [make_issue(), make_issue()]
    assert begin_stays(rows, at=clock.now(), by="test") == {}
    assert [len(stays(row)) for row in rows] == [1, 1]
