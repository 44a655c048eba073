"""Lead times: the spread of what was done, grouped, in working time too; the lists behind show exactly these rows."""

from datetime import UTC, datetime, timedelta
from statistics import mean, quantiles
from typing import Any

import pytest

from incidents.models import Calendar
from incidents.services.incident_moves import finish_incident
from incidents.services.issue_moves import finish_issue, move_issue
from incidents.services.issues import create_issue, update_issue
from incidents.services.policy_documents import specify_calendar
from incidents.sla.calendars import compile_calendar
from incidents.testing.incident_factories import make_incident
from reports.kinds import KINDS
from reports.kinds.durations import NAMES, UNITS, duration_cells, duration_headings, write_duration, write_work
from reports.kinds.lead_time import LEAD_TIME
from reports.services.digests import spell_json
from reports.services.parameters import check_parameters
from reports.testing.asking import ask_kind
from reports.testing.drilling import count_behind
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput
from tracker.services.users import update_user
from tracker.testing.factories import jwt_client, make_project, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")
# A Monday.
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFFICE = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
# Project, severity, hours from START to the report, hours that it takes.
WORK = (
    ("OPS", "low", 0, 1), ("OPS", "low", 0, 2.5), ("OPS", "high", 5, 30), ("OPS", "high", 20, 200),
    ("DEV", "critical", 50, 90), ("DEV", "low", 60, 480), ("DEV", "low", 70, 0.5),
)  # fmt: skip


def hours(count):
    return START + timedelta(hours=count)


@pytest.fixture
def work(move_clock):
    """Seven issues that get done, one that does not; asked of 30 days after START."""
    projects = {key: make_project(key=key) for key in ("OPS", "DEV")}
    assignee = make_user(email="lara@example.com")
    made = []
    for number, (project, severity, reported, taken) in enumerate(WORK):
        values: dict[str, Any] = {"title": f"Issue {number}", "severity": severity}
        if number % 2:
            values["assignee"] = assignee
        move_clock(to=hours(reported))
        made.append(create_issue(actor=SYSTEM, values=values, project=projects[project]))
        move_clock(to=hours(reported + taken))
        finish_issue(actor=SYSTEM, issue=made[-1])
    move_clock(to=hours(1))
    create_issue(actor=SYSTEM, values={"title": "Open"}, project=projects["OPS"])
    Calendar.objects.create(name="office", timezone="Europe/Berlin", hours=OFFICE)
    Calendar.objects.update(created_at=START)
    move_clock(to=hours(720))
    return made


def ask(**parameters):
    as_of = parameters.pop("as_of", hours(720))
    return ask_kind(LEAD_TIME, as_of=as_of, **{"days": 40, "calendar": "office", **parameters})


def test_the_spread_is_that_of_any_textbook(work):
    seconds = [taken * 3600 for *_, taken in WORK]
    parts = quantiles(seconds, n=100, method="inclusive")
    result = ask()
    assert result["total"]["n"] == len(WORK)
    assert result["total"]["wall"] == {
        "mean": round(mean(seconds)),
        "median": round(parts[49]),
        "p85": round(parts[84]),
        "p95": round(parts[94]),
    }


def test_working_time_is_what_the_calendar_counts_one_by_one(work):
    calendar = compile_calendar(specify_calendar(Calendar.objects.get(name="office")))
    worked = [
        calendar.elapsed(hours(reported), hours(reported + taken)).total_seconds() for *_, reported, taken in WORK
    ]
    parts = quantiles(worked, n=100, method="inclusive")
    told = ask()["total"]["working"]
    assert told == {
        "mean": round(mean(worked)),
        "median": round(parts[49]),
        "p85": round(parts[84]),
        "p95": round(parts[94]),
    }
    usual = ask(calendar="")
    assert usual["calendar"] == "round the clock"
    assert usual["total"]["working"] == usual["total"]["wall"]


@pytest.mark.parametrize(
    ("grouping", "expected"),
    [
        ("project", [("OPS", 4), ("DEV", 3)]),
        ("severity", [("critical", 1), ("high", 2), ("low", 4)]),
        ("assignee", [("None", 4), ("lara@example.com", 3)]),
    ],
)
def test_each_figure_leads_to_exactly_its_rows(work, grouping, expected):
    maintainer = make_user()
    clients = {"page": session_client(maintainer), "api": jwt_client(maintainer)}
    result = ask(group_by=grouping)
    told = [
        (group["label"].lower() if grouping == "severity" else group["label"], group["n"]) for group in result["groups"]
    ]
    assert told == expected
    shown = LEAD_TIME.present(result, {})
    assert len(shown.charts) == 2
    rows = [(row, row.cells[1]) for row in shown.tables[0].rows]
    rows += [(row, row.cells[1]) for row in shown.tables[1].rows if row.drill]
    for row, n in rows:
        assert count_behind(row.drill, **clients) == (n, n)
    assert count_behind(shown.figures[0].drill, **clients) == (7, 7)
    weeks = {one["first_day"]: one["n"] for one in result["over_time"] if one["n"]}
    assert weeks == {"2026-03-02": 5, "2026-03-09": 1, "2026-03-23": 1}


def test_a_period_and_a_project_narrow_it_and_of_nothing_there_is_no_figure(work):
    assert ask(project="dev")["total"]["n"] == 3
    first = ask(**{"from": "2026-03-02", "to": "2026-03-02"})
    assert first["total"]["n"] == 2
    nothing = ask(**{"from": "2026-02-01", "to": "2026-02-03"})
    none = dict.fromkeys(("mean", "median", "p85", "p95"))
    assert nothing["total"] == {"n": 0, "wall": none, "working": none}
    assert nothing["groups"] == []
    shown = LEAD_TIME.present(nothing, {})
    assert shown.charts == []
    assert [figure.value for figure in shown.figures] == ["0", *["–"] * 5]


def test_nothing_that_happens_later_changes_what_is_said_of_a_moment(work, move_clock):
    groupings = ("project", "severity", "assignee")
    kept = [spell_json(ask(group_by=name)) for name in groupings]
    early = spell_json(ask(as_of=hours(100)))
    lara = work[1].assignee
    move_clock(to=hours(721))
    move_issue(actor=SYSTEM, issue=work[0], status="OPEN")
    move_issue(actor=SYSTEM, issue=work[1], status="OPEN")
    finish_issue(actor=SYSTEM, issue=work[1])
    update_issue(actor=SYSTEM, issue=work[2], changes={"severity": "low", "assignee": lara})
    update_issue(actor=SYSTEM, issue=work[3], changes={"project": work[4].project, "assignee": None})
    fresh = create_issue(actor=SYSTEM, values={"title": "New"}, project=make_project(key="NEW"))
    finish_issue(actor=SYSTEM, issue=fresh)
    update_user(actor=SYSTEM, user=lara, changes={"email": "lara.new@example.com"})
    Calendar.objects.create(name="office", version=2, timezone="UTC", hours=None, created_at=hours(721))
    assert [spell_json(ask(group_by=name)) for name in groupings] == kept
    assert spell_json(ask(as_of=hours(100))) == early
    assert ask(as_of=hours(722), project="NEW")["total"]["n"] == 1
    shown = LEAD_TIME.present(ask(group_by="severity"), {})
    maintainer = make_user()
    for row in shown.tables[0].rows:
        counted = count_behind(row.drill, page=session_client(maintainer), api=jwt_client(maintainer))
        assert counted == (row.cells[1], row.cells[1])


def test_reporters_are_told_of_their_own_and_not_who_has_what(work, move_clock):
    reporter = make_user(Role.REPORTER)
    actor = Actor.of_user(reporter)
    assert ask(actor=actor)["total"]["n"] == 0
    move_clock(to=hours(0))
    own = create_issue(actor=actor, values={"title": "Mine"})
    move_clock(to=hours(4))
    finish_issue(actor=SYSTEM, issue=own)
    result = ask(actor=actor)
    assert [(group["label"], group["n"]) for group in result["groups"]] == [("INBOX", 1)]
    drill = LEAD_TIME.present(result, {}).tables[0].rows[0].drill
    assert len(jwt_client(reporter).get(drill.api).json()["results"]) == 1
    with pytest.raises(InvalidInput):
        ask(actor=actor, group_by="assignee")
    with pytest.raises(InvalidInput):
        ask(actor=actor, project="OPS")


def test_incidents_count_from_their_report(move_clock):
    for taken in (3, 5):
        move_clock(to=hours(0))
        incident = make_incident(severity="high")
        move_clock(to=hours(taken))
        finish_incident(actor=SYSTEM, incident=incident)
    result = ask(subject="incidents", group_by="severity", as_of=hours(24), calendar="")
    assert result["total"]["wall"]["median"] == 4 * 3600
    maintainer = make_user()
    drill = LEAD_TIME.present(result, {}).tables[0].rows[0].drill
    assert count_behind(drill, page=session_client(maintainer), api=jwt_client(maintainer)) == (2, 2)


def test_what_cannot_be_asked_is_refused():
    assert KINDS["lead_time"] is LEAD_TIME
    for bad in ({"group_by": "colour"}, {"calendar": "no such"}, {"subject": "tickets"}, {"days": 0}, {"more": 1}):
        with pytest.raises(InvalidInput):
            check_parameters(actor=SYSTEM, kind=LEAD_TIME, parameters=bad)


def test_a_day_of_work_is_told_in_hours():
    assert [write_duration(200_000), write_work(200_000), write_duration(59), write_duration(None)] == [
        "2.3 days", "55.6 hours", "59 s", "–",
    ]  # fmt: skip
    units = [heading.unit for heading in duration_headings(UNITS[0])]
    assert units == ["", *["days"] * 4, *["hours"] * 4]
    facts = {"n": 1, "wall": dict.fromkeys(NAMES, 86_400), "working": dict.fromkeys(NAMES, 7_200)}
    assert duration_cells(facts, UNITS[0]) == [1, *[1.0] * 4, *[2.0] * 4]
