"""Figures about incidents: equal to a slow count, within the rights of whoever asks, on the clocks of the place."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident
from incidents.services.incident_analysis import analyse_incidents
from incidents.services.incident_figures import Analysis
from incidents.services.incident_scope import AnalysisScope, read_scope
from incidents.services.incident_sets import cell_of, centre_of, in_cell, in_hour, on_weekday
from incidents.testing.incident_factories import category_of, make_incident
from incidents.tests.incidents.slow_count import check_figures
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, NotAuthenticated, PermissionDenied
from tracker.models import Factory
from tracker.testing.factories import make_project, make_user
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
SAMPLE = DATA / "thefts" / "toronto_bicycle_thefts_sample1000.csv"
SYSTEM = Actor.system("test")
TORONTO, BERLIN = ZoneInfo("America/Toronto"), ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def analyse(actor: Actor = SYSTEM, *, zone: ZoneInfo | str = "UTC", **params: str) -> Analysis:
    zone = ZoneInfo(zone) if isinstance(zone, str) else zone
    named = {name.rstrip("_"): value for name, value in params.items()}
    return analyse_incidents(actor=actor, scope=read_scope(actor=actor, params=named, zone=zone))


@needs(SAMPLE)
def test_figures_of_real_thefts_equal_a_slow_count():
    mapping = Path("incidents/demo/toronto_bicycle_thefts.yaml")
    call_command("import_incidents", str(SAMPLE), mapping=mapping, quiet=True, stdout=StringIO())
    depot = Factory.objects.create(name="Depot", timezone="Asia/Tokyo")
    make_incident(occurred_at=at("2017-06-01T20:00"), factory=depot, category=category_of("safety"))
    make_incident(occurred_at=at("2017-06-01T22:30"), latitude=-33.8688, longitude=151.2093)
    rows = list(Incident.objects.select_related("category", "factory"))
    with CaptureQueriesContext(connection) as queries:
        check_figures(analyse(zone=BERLIN), rows, BERLIN)
    assert len(queries) <= 6
    for start, end, bucket in (("2017-05-01", "2017-06-11", "day"), ("2017-01-01", "2017-12-31", "week")):
        within = [one for one in rows if start <= str(one.occurred_at.astimezone(TORONTO).date()) <= end]
        found = analyse(zone=TORONTO, from_=start, to=end)
        check_figures(found, within, TORONTO)
        assert (found.bucket, str(found.over_time[0].first), str(found.over_time[-1].last)) == (bucket, start, end)
        for spot in found.spots[:5]:
            near = in_cell(Incident.objects.filter(pk__in=[one.pk for one in within]), spot.latitude, spot.longitude)
            assert near.count() == spot.count
    for hour, weekday in ((18, 1), (9, 7)):
        there = on_weekday(in_hour(Incident.objects.all(), hour, BERLIN), weekday, BERLIN)
        assert there.count() == analyse(zone=BERLIN).hours[weekday - 1][hour]


def test_nothing_is_an_answer_too():
    found = analyse()
    assert (found.total, found.over_time, found.spots, found.recovery_rate, found.loss) == (0, [], [], None, 0)
    assert {row.key for row in found.categories} >= {"theft", "outage", "other"}
    assert sum(map(sum, found.hours)) == 0


@pytest.mark.parametrize(
    ("moment", "zone", "weekday", "hour"),
    [
        ("2017-03-12T06:30", "America/Toronto", 7, 1),  # before the clocks went forward
        ("2017-03-12T07:30", "America/Toronto", 7, 3),  # after
        ("2017-11-05T05:30", "America/Toronto", 7, 1),  # half past one
        ("2017-11-05T06:30", "America/Toronto", 7, 1),  # half past one again
        ("2017-12-31T23:30", "Asia/Kolkata", 1, 5),  # the next day already
        ("2017-04-02T14:45", "Australia/Lord_Howe", 1, 1),  # half an hour of summer time, over since a quarter hour
        ("2017-01-01T12:00", "", 7, 13),  # nobody knows the place's clocks: the reader's
    ],
)
def test_hours_are_those_on_the_clocks_of_the_place(moment, zone, weekday, hour):
    incident = make_incident(occurred_at=at(moment))
    Incident.objects.filter(pk=incident.pk).update(timezone=zone)
    found = analyse(zone=BERLIN)
    assert found.hours[weekday - 1][hour] == 1
    check_figures(found, [Incident.objects.get()], BERLIN)


def test_a_zone_that_the_database_does_not_know_stops_no_analysis(monkeypatch):
    incident = make_incident(occurred_at=at("2017-01-02T12:00"))
    Incident.objects.filter(pk=incident.pk).update(timezone="Moon/Tranquillity")
    strange = "incidents.services.incident_sets._zones_strange_to_database"
    monkeypatch.setattr(strange, lambda: ["Moon/Tranquillity"])
    assert analyse(zone=BERLIN).hours[0][12] == 1


@pytest.mark.parametrize(
    ("last", "bucket", "count"),
    [("2017-01-01", "day", 1), ("2017-03-03", "day", 62), ("2017-03-04", "week", 10), ("2017-12-31", "week", 53),
     ("2018-12-31", "month", 24), ("2030-12-31", "year", 14)],
)  # fmt: skip
def test_the_span_chooses_days_weeks_months_or_years_and_leaves_no_gap(last, bucket, count):
    make_incident(occurred_at=at("2017-01-01T12:00"))
    found = analyse(from_="2017-01-01", to=last)
    assert (found.bucket, len(found.over_time)) == (bucket, count)
    assert (found.over_time[0].first, found.over_time[-1].last) == (date(2017, 1, 1), date.fromisoformat(last))


def test_days_begin_and_end_on_the_clocks_of_whoever_asks():
    moments = ["2017-06-01T21:59", "2017-06-01T22:00", "2017-06-02T21:59", "2017-06-02T22:00"]
    for moment in moments:
        make_incident(occurred_at=at(moment))
    assert analyse(zone=BERLIN, from_="2017-06-02", to="2017-06-02").total == 2
    assert analyse(zone="UTC", from_="2017-06-02", to="2017-06-02").total == 2
    assert analyse(from_="2017-06-01T22:00:00Z", to="2017-06-02T22:00:00Z").total == 2
    assert analyse(from_="2017-06-02T00:00:00+02:00").total == 3


def test_reporters_see_figures_of_their_own_alone():
    reporter, other = make_user(Role.REPORTER), make_user(Role.REPORTER)
    make_incident(actor=Actor.of_user(reporter))
    make_incident(actor=Actor.of_user(other))
    make_incident()
    assert analyse(Actor.of_user(reporter)).total == 1
    assert analyse(Actor.of_user(make_user(Role.MAINTAINER))).total == 3
    with pytest.raises(NotAuthenticated):
        analyse(Actor())
    token = Actor(user=other, token_id=1, scopes=frozenset({"ingest"}))
    with pytest.raises(PermissionDenied, match="read"):
        analyse(token)


def test_an_analysis_is_about_what_was_asked_for():
    project, depot = make_project(key="OPS"), Factory.objects.create(name="Depot")
    make_incident(project=project, loss_estimate=10)
    make_incident(factory=depot, category=category_of("outage"), loss_estimate=5, recovery="recovered")
    make_incident(factory=depot, recovery="missing")
    assert (analyse().loss, analyse().recovery_rate) == (15, 0.5)
    assert analyse(project="ops").total == 1
    assert analyse(factory=str(depot.pk)).total == 2
    assert analyse(factory=str(depot.pk), category="outage").total == 1
    counted = {row.key: row.count for row in analyse(category="outage").categories}
    assert (counted["outage"], counted["theft"]) == (1, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from", "yesterday"), ("from", "2017-02-30"), ("to", "2017-01-01T00:00:00"), ("from", "1969-12-31"),
        ("to", "9999-12-31"), ("from", "0001-01-01T00:00:00Z"), ("to", "2017"), ("from", "२०१७-०१-०१"),
        ("project", "NONE"), ("project", "\0"), ("factory", "0"), ("factory", "x"), ("factory", "9" * 30),
        ("category", "burglary"), ("category", "\0"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_name(name, value):
    with pytest.raises(InvalidInput) as refusal:
        read_scope(actor=SYSTEM, params={name: value}, zone=BERLIN)
    assert [fault.field for fault in refusal.value.details] == [name]


def test_a_period_runs_forward_and_a_project_must_be_visible():
    with pytest.raises(InvalidInput, match="after from"):
        analyse(from_="2017-06-02", to="2017-06-01")
    make_project(key="SECRET")
    with pytest.raises(InvalidInput, match="project"):
        analyse(Actor.of_user(make_user(Role.REPORTER)), project="SECRET")


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(0, 0), (-0.001, -0.001), (43.6557, -79.3837), (89.99, 179.9), (-90, -180), (90, 180), (0, 180)],
)
def test_a_place_is_in_the_cell_around_its_middle(latitude, longitude):
    incident = make_incident(latitude=latitude, longitude=longitude)
    cell = cell_of(latitude, longitude)
    middle = centre_of(*cell)
    assert cell_of(*middle) == cell
    assert abs(middle[0] - latitude) <= 0.002251
    assert in_cell(Incident.objects.all(), *middle).get() == incident
    assert not in_cell(Incident.objects.all(), middle[0] + (0.0045 if latitude < 0 else -0.0045), longitude).exists()
    (spot,) = analyse_incidents(actor=SYSTEM, scope=AnalysisScope(ZoneInfo("UTC"))).spots
    assert (spot.latitude, spot.longitude) == pytest.approx(middle)


def test_a_hot_spot_is_called_by_what_most_of_it_is_called():
    for place in ("Depot", "Harbour", "Harbour", ""):
        make_incident(latitude=43.65, longitude=-79.38, place=place)
    make_incident(latitude=44, longitude=-79, occurred_at=at("2017-01-01T00:00") + timedelta(days=1))
    assert [(spot.place, spot.count, spot.counts) for spot in analyse().spots] == [
        ("Harbour", 4, {"theft": 4}),
        ("", 1, {"theft": 1}),
    ]
