"""Hot spots of incidents: the analysis of a period as it was known at a moment, each figure with its list."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from incidents.models import Incident
from incidents.services.incidents import update_incident
from incidents.testing.incident_factories import category_of, make_incident
from reports.kinds.hotspot_pages import present_hotspots
from reports.kinds.incident_hotspots import INCIDENT_HOTSPOTS
from reports.services.digests import spell_json
from reports.testing.asking import SYSTEM, ask_kind
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import ApiClient, make_access_token, make_project, make_user, session_client

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
DEPOT, GATE = {"latitude": 48.37, "longitude": 10.9, "place": "Depot"}, {"latitude": 48.4, "longitude": 11.0}


def ask(**parameters):
    as_of = parameters.pop("as_of", MONDAY + timedelta(days=20))
    return ask_kind(INCIDENT_HOTSPOTS, as_of=as_of, **{"from": "2026-03-01", "to": "2026-03-31", **parameters})


@pytest.fixture
def project(move_clock):
    """Four incidents of March, three at one place, one of them in a project; and one of February."""
    project = make_project(key="OPS")
    for day, category, values in [
        (0, "theft", {**DEPOT, "recovery": "missing", "project": project}),
        (1, "theft", {**DEPOT, "recovery": "recovered", "loss_estimate": 120}),
        (1, "fire", DEPOT),
        (9, "theft", GATE),
        (-20, "theft", GATE),
    ]:
        at = MONDAY + timedelta(days=day)
        move_clock(to=at + timedelta(hours=1))
        make_incident(category=category_of(category), occurred_at=at, **values)
    move_clock(to=MONDAY + timedelta(days=20))
    return project


def test_places_times_and_categories_are_counted(project):
    result = ask()
    assert (result["total"], result["missing"], result["recovered"], result["recovery_percent"]) == (4, 1, 1, 50.0)
    assert [(row["key"], row["n"], row["loss"]) for row in result["categories"]] == [
        ("theft", 3, 120),
        ("fire", 1, None),
    ]
    assert [(spot["place"], spot["n"], spot["counts"]) for spot in result["spots"]] == [
        ("Depot", 3, [2, 1]),
        ("", 1, [1, 0]),
    ]
    assert (result["hours"][0][8], result["hours"][1][8], result["hours"][2][8]) == (1, 2, 1)
    assert {row["from"]: row["n"] for row in result["over_time"] if row["n"]} == {
        "2026-03-02": 1, "2026-03-03": 2, "2026-03-11": 1,
    }  # fmt: skip
    assert ask(category="fire")["total"] == ask(project="OPS")["total"] == 1


def test_of_nothing_there_is_no_share_and_no_picture():
    nothing = ask()
    assert (nothing["total"], nothing["recovery_percent"]) == (0, None)
    assert present_hotspots(nothing, {}).charts == ()


def test_what_is_reported_or_moved_later_changes_nothing(project, move_clock):
    as_of = MONDAY + timedelta(days=5)
    kept = [spell_json(ask(as_of=as_of, project=key)) for key in ("", "OPS")]
    make_incident(category=category_of("flood"), occurred_at=MONDAY, **DEPOT)
    moved = make_incident(occurred_at=MONDAY, project=project)
    update_incident(actor=SYSTEM, incident=moved, changes={"project": None})
    ours = Incident.objects.get(project=project)
    update_incident(actor=SYSTEM, incident=ours, changes={"project": make_project(), "severity": "high"})
    move_clock(to=MONDAY + timedelta(days=25))
    assert [spell_json(ask(as_of=as_of, project=key)) for key in ("", "OPS")] == kept
    assert ask(as_of=MONDAY + timedelta(days=25))["total"] == 6


def test_every_figure_leads_to_its_incidents(project):
    maintainer = make_user()
    page, api = session_client(maintainer), ApiClient(bearer=make_access_token(maintainer))
    shown = present_hotspots(ask(), {})
    spots, categories, over_time, _ = shown.tables
    led: list[Any] = [(row.cells[2], row.drill) for row in (*spots.rows, *over_time.rows) if row.drill]
    led += [(row.cells[1], row.drill) for row in categories.rows]
    led += [(int(figure.value), figure.drill) for figure in shown.figures if figure.drill]
    assert len(led) == 10
    for count, drill in led:
        assert api.get(drill.api).json()["count"] == count, drill.api
        assert len(page.get(drill.admin).context["cl"].result_list) == count, drill.admin
    assert api.get("/v1/incidents?cell=nowhere").status_code == 400


def test_a_reporter_is_told_of_their_own_alone(project):
    reporter = Actor.of_user(make_user(Role.REPORTER))
    assert ask(actor=reporter)["total"] == 0
