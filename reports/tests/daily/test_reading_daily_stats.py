"""Daily figures by the API, as CSV and in the back office."""

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import Client

from incidents.services.issue_moves import move_issue
from incidents.testing.factories import make_issue
from incidents.testing.incident_factories import make_incident
from incidents.testing.ticket_events import START, SYSTEM, ingest, make_event
from reports.models import DailyStat
from reports.services.daily_stats import refresh_daily_stats
from tracker import clock
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
DAILY = "/v1/stats/daily"


@pytest.fixture(autouse=True)
def _two_days(move_clock):
    """An issue in OPS that is closed on the second day, an incident without a project, and a ticket."""
    move_clock(to=START)
    issue = make_issue(project=make_project(key="OPS"), severity="high")
    make_incident()
    ingest(make_event("T-1", "new", priority="=cmd()"))
    move_clock(to=START + timedelta(days=1))
    for status in ("TRIAGED", "IN_PROGRESS", "DONE"):
        move_issue(actor=SYSTEM, issue=issue, status=status)
    refresh_daily_stats()


@pytest.fixture
def client() -> Client:
    """A maintainer's browser."""
    client = Client()
    client.force_login(make_user())
    return client


def test_the_list_tells_day_project_and_figures(client):
    rows = client.get(f"{DAILY}?measure=issues").json()["results"]
    assert [(row["day"], row["project"], row["measure"]) for row in rows] == [
        ("2026-03-03", "OPS", "issues"),
        ("2026-03-02", "OPS", "issues"),
    ]
    assert rows[0]["figures"] == {
        "opened": 0, "reopened": 0, "closed": 1, "moved_in": 0, "moved_out": 0, "open": 0,
        "open_by_status": {"OPEN": 0, "TRIAGED": 0, "IN_PROGRESS": 0},
        "open_by_severity": {"low": 0, "medium": 0, "high": 0, "critical": 0},
    }  # fmt: skip
    assert rows[1]["figures"]["open_by_severity"]["high"] == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 8),
        ("from=2026-03-03", 4),
        ("to=2026-03-02", 4),
        ("from=2026-03-02&to=2026-03-02&measure=tickets,sla", 2),
        ("project=ops", 2),
        ("project=none", 6),
        ("project=none,OPS", 8),
        ("project=NOSUCH", 0),
        ("measure=tickets&limit=1", 1),
    ],
)
def test_the_list_is_narrowed_by_days_projects_and_measures(query, count, client):
    # Of the promises on the ticket nothing is told until one is kept or broken.
    DailyStat.objects.bulk_create(
        DailyStat(day=date(2026, 3, day), measure="sla", figures={"alerts": 0}, refreshed_at=clock.now())
        for day in (2, 3)
    )
    assert len(client.get(f"{DAILY}?{query}").json()["results"]) == count


@pytest.mark.parametrize(
    "query", ["from=yesterday", "measure=all", "day=2026-03-02", "limit=100000", "ordering=figures"]
)
def test_what_the_list_does_not_know_is_refused(query, client):
    assert client.get(f"{DAILY}?{query}").status_code == 400


def test_pages_follow_each_other_by_cursor(client):
    page = client.get(f"{DAILY}?limit=4&cursor=").json()
    more = client.get(page["next"].partition("testserver")[2]).json()
    days = [(row["day"], row["measure"]) for row in page["results"] + more["results"]]
    assert len(set(days)) == len(days) == 6


def test_the_export_has_a_column_for_each_figure(client):
    answer = client.get(f"{DAILY}/export?measure=tickets,issues&from=2026-03-03")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="daily.csv"'
    told = {row["measure"]: row for row in rows}
    assert (told["issues"]["day"], told["issues"]["project"], told["issues"]["closed"]) == ("2026-03-03", "OPS", "1")
    assert (told["tickets"]["open"], told["tickets"]["open_new"], told["tickets"]["open_high"]) == ("1", "1", "")
    assert told["tickets"]["open_by_priority"] == '{"=cmd()": 1}'


def test_the_page_shows_a_chart_and_the_rows_below_it(client):
    page = client.get("/admin/reports/dailystat/").content.decode()
    assert "<svg" in page
    assert "Still open" in page
    assert "<style" not in page
    assert page.count('class="field-day') == 2
    for query, words in (
        ("measure=tickets&project=none", "1 =cmd()"),
        ("measure=sla", "Nothing matches."),
        ("day_from=2026-03-03&day_to=x", "0"),
    ):
        answer = client.get(f"/admin/reports/dailystat/?{query}")
        assert answer.status_code == 200
        assert words in answer.content.decode()
    assert client.get("/admin/reports/dailystat/?figures__open=1").status_code in (302, 400)


def test_reporters_get_neither_page_nor_list():
    reporter = Client()
    reporter.force_login(make_user("reporter"))
    assert reporter.get(DAILY).status_code == 403
    assert reporter.get(f"{DAILY}/export").status_code == 403
    assert reporter.get("/admin/reports/dailystat/").status_code in (302, 403)
