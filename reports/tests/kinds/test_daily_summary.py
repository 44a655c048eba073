"""The daily summary: where everything stands, and the mean lead time of 30 days; null where nothing was done."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.services.issue_moves import finish_issue, move_issue
from incidents.services.issues import create_issue
from incidents.testing.incident_factories import make_incident
from reports.kinds.daily_summary import DAILY_SUMMARY
from reports.services.digests import spell_json
from reports.testing.asking import ask_kind
from reports.testing.drilling import count_behind
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_project, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
NONE = {"OPEN": 0, "TRIAGED": 0, "IN_PROGRESS": 0, "DONE": 0}


def days(count):
    return START + timedelta(days=count)


def ask(day=40, **parameters):
    return ask_kind(DAILY_SUMMARY, as_of=days(day), **parameters)


@pytest.fixture
def issues(move_clock):
    """Done after 2 and after 4 days, one long before; one open, one triaged elsewhere."""
    project, made = make_project(key="OPS"), []
    for reported, done in ((0, 5), (30, 32), (31, 35)):
        move_clock(to=days(reported))
        made.append(create_issue(actor=SYSTEM, values={"title": "Work"}, project=project))
        move_clock(to=days(done))
        finish_issue(actor=SYSTEM, issue=made[-1])
    made.append(create_issue(actor=SYSTEM, values={"title": "Open"}, project=project))
    made.append(create_issue(actor=SYSTEM, values={"title": "Elsewhere"}, project=make_project(key="DEV")))
    move_issue(actor=SYSTEM, issue=made[-1], status="TRIAGED")
    move_clock(to=days(40))
    return made


def test_it_counts_and_takes_the_mean_of_thirty_days(issues):
    result = ask(project="OPS")
    assert result["status_counts"] == NONE | {"OPEN": 1, "DONE": 3}
    assert result["avg_lead_time_days_last_30_days"] == 3.0
    assert result["done_last_30_days"] == 2
    assert ask()["status_counts"] == {"OPEN": 1, "TRIAGED": 1, "IN_PROGRESS": 0, "DONE": 3}


def test_of_nothing_there_is_no_mean():
    assert ask()["avg_lead_time_days_last_30_days"] is None
    make_incident()
    result = ask(subject="incidents", day=4000)
    assert result["status_counts"] == NONE | {"OPEN": 1}
    assert result["avg_lead_time_days_last_30_days"] is None
    assert "–" in [figure.value for figure in DAILY_SUMMARY.present(result, {}).figures]


def test_each_figure_leads_to_exactly_its_rows_whatever_happens_later(issues, move_clock):
    result = ask(project="OPS")
    kept = spell_json(result)
    move_clock(to=days(41))
    move_issue(actor=SYSTEM, issue=issues[1], status="OPEN")
    finish_issue(actor=SYSTEM, issue=issues[3])
    create_issue(actor=SYSTEM, values={"title": "New"}, project=issues[0].project)
    assert spell_json(ask(project="OPS")) == kept
    assert ask(project="OPS", day=41)["status_counts"] == NONE | {"OPEN": 2, "DONE": 3}
    maintainer = make_user()
    clients = {"page": session_client(maintainer), "api": jwt_client(maintainer)}
    shown = DAILY_SUMMARY.present(result, {})
    expected = [1, 0, 0, 3, 2, 2]
    assert [count_behind(figure.drill, **clients) for figure in shown.figures] == [(n, n) for n in expected]
    assert [row.cells[1] for row in shown.tables[0].rows] == [1, 0, 0, 3]


def test_reporters_count_their_own(issues):
    reporter = make_user(Role.REPORTER)
    assert ask(actor=Actor.of_user(reporter))["status_counts"] == NONE
    create_issue(actor=Actor.of_user(reporter), values={"title": "Mine"})
    assert ask(actor=Actor.of_user(reporter))["status_counts"] == NONE | {"OPEN": 1}
