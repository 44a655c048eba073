"""The first page's boxes of figures: open by severity, promises kept this month, and how the backlog goes."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory

from incidents.testing.factories import make_issue
from incidents.testing.incident_factories import make_incident
from reports.admin import dashboard
from reports.models import DailyStat
from tracker import clock
from tracker.choices import Role
from tracker.testing.factories import make_project, make_user, session_client

pytestmark = pytest.mark.django_db
PANELS = (dashboard.severity_panel, dashboard.attainment_panel, dashboard.trend_panel)


@pytest.fixture
def maintainer() -> Client:
    return session_client(make_user(Role.MAINTAINER))


def box(client: Client, name: str) -> dict[str, Any]:
    page = client.get("/admin/")
    return next(panel.context for panel in page.context["panels"] if panel.key == f"panel-{name}")


def keep(day: date, measure: str, **fields: Any) -> None:
    project = fields.pop("project", None)
    DailyStat.objects.create(day=day, measure=measure, project=project, figures=fields, refreshed_at=clock.now())


def test_open_rows_are_counted_by_severity_and_each_bar_leads_to_them(maintainer: Client):
    for severity, status in (("critical", "OPEN"), ("low", "TRIAGED"), ("low", "OPEN"), ("low", "DONE")):
        make_issue(severity=severity, status=status, done_at=clock.now() if status == "DONE" else None)
    make_incident(severity="high")
    issues, incidents = box(maintainer, "severity")["groups"]
    assert [(bar.words, bar.figure) for bar in issues.bars] == [
        ("Critical", "1"), ("High", "0"), ("Medium", "0"), ("Low", "2")
    ]  # fmt: skip
    assert [bar.figure for bar in incidents.bars] == ["0", "1", "0", "0"]
    for bar in (*issues.bars, *incidents.bars):
        assert len(maintainer.get(bar.href).context["cl"].result_list) == int(bar.figure)


def test_beyond_what_is_counted_the_daily_figures_say_how_many(maintainer: Client, monkeypatch):
    monkeypatch.setattr("incidents.admin.facets.SAMPLE", 1)
    for _ in range(3):
        make_issue(severity="low")
    (issues, _) = box(maintainer, "severity")["groups"]
    assert ([bar.figure for bar in issues.bars][-1], issues.told_at) == ("1+", None)
    today = clock.now().date()
    keep(today - timedelta(days=1), "issues", open=9, open_by_severity={"low": 9})
    for project in (None, make_project()):
        keep(today, "issues", project=project, open=12, open_by_severity={"low": 7, "high": 5})
    (issues, _) = box(maintainer, "severity")["groups"]
    assert [bar.figure for bar in issues.bars] == ["0", "0", "0", "14"]
    assert issues.told_at is not None


def test_promises_are_summed_by_month_and_a_month_without_any_has_no_percentage(maintainer: Client, move_clock):
    move_clock(to=clock.now().replace(year=2026, month=3, day=15))
    for day, met in ((date(2026, 3, 1), 30), (date(2026, 3, 14), 20), (date(2026, 2, 28), 5)):
        keep(day, "sla", response_met=met, response_missed=10, resolution_met=0, resolution_missed=0)
    context = box(maintainer, "attainment")
    told = [(month, [(bar.words, bar.figure, bar.note) for bar in bars]) for month, bars in context["months"]]
    assert told == [
        ("March, so far", [("Response", "71.4 %", "50 of 70")]),
        ("February", [("Response", "33.3 %", "5 of 15")]),
    ]
    (march,), (february,) = (bars for _, bars in context["months"])
    assert march.href.endswith("?show=all&settled=response,any,2026-03-01T00:00:00Z,2026-03-16T00:00:00Z")
    assert february.href.endswith("?show=all&settled=response,any,2026-02-01T00:00:00Z,2026-03-01T00:00:00Z")
    assert maintainer.get(march.href).status_code == 200


def test_the_backlog_is_drawn_over_thirty_days_with_a_gap_where_a_day_is_missing(maintainer: Client):
    today = clock.now().date()
    for back, count in ((0, 7), (2, 5), (29, 4), (30, 99)):
        keep(today - timedelta(days=back), "issues", open=count)
        keep(today - timedelta(days=back), "issues", open=1, project=make_project())
    context = box(maintainer, "trend")
    (line,) = context["lines"]
    known = [value for _, value in line.points if value is not None]
    assert (len(line.points), known, line.href) == (30, [5, 6, 8], "/admin/incidents/issue/")
    assert 'aria-labelledby="backlog-trend-title"' in context["chart"]
    assert "from 5" in context["chart"]
    page = maintainer.get("/admin/").content.decode()
    assert '<td class="figure-cell">–</td>' in page
    assert "None<" not in page


def test_a_box_is_not_there_for_whoever_may_not_list_what_it_counts():
    for role, expected in ((Role.ADMIN, 3), (Role.MAINTAINER, 3), (Role.REPORTER, 1)):
        request = RequestFactory().get("/admin/")
        request.user = make_user(role)
        shown = [panel for build in PANELS if (panel := build(request))]
        assert len(shown) == expected
    # A reporter may list issues and incidents, their own ones; the page itself is not for them.
    make_issue(severity="low")
    assert [group.bars for group in shown[0].context["groups"]] == [[], []]
