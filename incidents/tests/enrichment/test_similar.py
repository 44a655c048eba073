"""Likely duplicates: near in space and time, of one category, in similar words; everything else is left out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from incidents.enrichment.base import NothingToLookUp, Subject
from incidents.enrichment.similar import boxes_around, look_up
from incidents.services.incident_search import refresh_incident_search
from incidents.testing.incident_factories import category_of, make_incident
from tracker.models import Factory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HERE = {"latitude": 43.65, "longitude": -79.38}
FILL = """
INSERT INTO incidents_incident (category_id, title, description, description_html, severity, status, enrichment,
  recovery, place, latitude, longitude, reporter_label, city, region, country, nearest_place, timezone, attributes,
  source, source_id, occurred_at, created_at, updated_at)
SELECT %(category)s, 'Bicycle stolen', '', '', 'medium', 'OPEN', 'ENRICHED', 'unknown', '', 43.6 + n %% 97 / 500.0,
       -79.5 + n %% 89 / 400.0, '', '', '', '', '', '', '{}', '', '', %(at)s + n %% 5000 * interval '1 hour', %(at)s,
       %(at)s
  FROM generate_series(1, %(count)s) n
"""
BIKE = {"title": "Red bicycle stolen", "description": "From the rack at gate four during lunch."}


def make(**values):
    return make_incident(**{"occurred_at": AT, **BIKE, **HERE, **values})


def found(incident):
    return {one["id"]: one for one in look_up(Subject(incident.pk))["similar"]}


def test_the_same_thing_told_twice_is_found_with_its_reasons():
    first = make()
    second = make(title="Bicycle stolen, red", latitude=43.6505, occurred_at=AT + timedelta(hours=2))
    (one,) = found(second).values()
    assert one["id"] == first.pk
    assert one["score"] > 0.8
    assert one["reasons"][:2] == ["56 m away", "2.0 h apart"]


@pytest.mark.parametrize(
    "other",
    [
        {"category": "vandalism"},
        {"latitude": 43.67},
        {"occurred_at": AT + timedelta(hours=73)},
        {"occurred_at": AT - timedelta(hours=60), "latitude": 43.658, "title": "Lamp", "description": "Broken."},
    ],
    ids=["another category", "too far", "too late", "unlike in all"],
)
def test_what_is_no_duplicate_is_left_out(other):
    if "category" in other:
        other = {"category": category_of(other["category"])}
    make(**other)
    assert found(make()) == {}


def test_without_coordinates_the_same_factory_or_the_same_words_for_the_place_count():
    nowhere = {"latitude": None, "longitude": None}
    factory = Factory.objects.create(name="Augsburg")
    by_factory = make(**nowhere, factory=factory)
    by_place = make(**nowhere, place="Gate 4")
    assert set(found(make(**nowhere, factory=factory))) == {by_factory.pk}
    assert set(found(make(**nowhere, place="gate 4"))) == {by_place.pk}
    assert by_place.pk in found(make(place="GATE 4", latitude=1, longitude=1))
    with pytest.raises(NothingToLookUp):
        look_up(Subject(make(**nowhere).pk))


def test_two_far_apart_are_no_duplicates_though_both_name_the_same_factory():
    factory = Factory.objects.create(name="Augsburg")
    make(factory=factory, place="Gate 4", latitude=48.0)
    assert found(make(factory=factory, place="Gate 4")) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [((-17.0, 179.9999), (-17.0, -179.9999)), ((89.9999, 10.0), (89.9999, -170.0)), ((-90.0, 0.0), (-90.0, 90.0))],
    ids=["date line", "north pole", "south pole"],
)
def test_near_is_near_also_where_maps_end(one, other):
    first = make(latitude=one[0], longitude=one[1])
    assert set(found(make(latitude=other[0], longitude=other[1]))) == {first.pk}


def test_boxes_hold_a_kilometre_in_every_direction():
    (box,) = boxes_around(60.0, 10.0)
    high, low = (part.strip("()").split(",") for part in box.split("),("))
    assert float(high[1]) - float(low[1]) == pytest.approx(2 / 111.19, rel=0.01)
    assert float(high[0]) - float(low[0]) == pytest.approx(4 / 111.19, rel=0.01)
    assert len(boxes_around(0, 180)) == 2


@pytest.mark.parametrize("title", ["'; DROP TABLE x --", "a | b & !c:* <-> \\ '", "É'té \\' ☃", "x" * 300])
def test_any_words_may_stand_in_a_title(title):
    first = make(title=title)
    assert set(found(make(title=title))) == {first.pk}


def test_at_most_ten_are_told_the_likeliest_first():
    for number in range(12):
        make(occurred_at=AT + timedelta(hours=number))
    scores = [one["score"] for one in look_up(Subject(make().pk))["similar"]]
    assert (len(scores), scores) == (10, sorted(scores, reverse=True))


def test_it_stays_quick_among_a_great_many():
    """The plan goes by the indexes: a hundred thousand elsewhere and at other times are never read."""
    category = category_of()
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"category": category.pk, "at": AT, "count": 10_000})
    incident = make()
    refresh_incident_search([incident.pk])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE incidents_incident")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT id FROM incidents_incident i WHERE category_id = %s"
            " AND occurred_at BETWEEN %s AND %s AND latitude IS NOT NULL"
            " AND point(longitude, latitude) <@ %s::box LIMIT 500",
            [category.pk, AT - timedelta(hours=72), AT + timedelta(hours=72), boxes_around(43.65, -79.38)[0]],
        )
        plan = str(cursor.fetchone()[0])
    assert "Seq Scan" not in plan
    assert "incident_at_point" in plan or "incident_of_category" in plan
    look_up(Subject(incident.pk))
