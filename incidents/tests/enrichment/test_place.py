"""From coordinates to the nearest place and the time zone, also where maps end."""

import random
import time

import pytest

from incidents.enrichment import place
from incidents.enrichment.base import NothingToLookUp, Subject


def look_up(latitude, longitude):
    return place.look_up(Subject(1, "", latitude, longitude))


@pytest.mark.parametrize(
    ("latitude", "longitude", "name", "country", "timezone"),
    [
        (43.65, -79.38, "Moss Park", "CA", "America/Toronto"),
        (48.7758, 9.1829, "Stuttgart", "DE", "Europe/Berlin"),
        (-17.8, 179.99, "Nasinu", "FJ", "Pacific/Fiji"),
        (-17.8, -179.99, "Nasinu", "FJ", "Pacific/Fiji"),
        (90, 0, "Longyearbyen", "SJ", "Etc/GMT"),
        (90, 180, "Longyearbyen", "SJ", "Etc/GMT-12"),
        (-90, 0, "Ushuaia", "AR", "Antarctica/McMurdo"),
        (0, 180, "Tarawa", "KI", "Etc/GMT-12"),
        (0, -180, "Tarawa", "KI", "Etc/GMT+12"),
    ],
)
def test_coordinates_have_a_nearest_place_and_a_time_zone(latitude, longitude, name, country, timezone):
    answer = look_up(latitude, longitude)
    assert (answer["nearest_place"], answer["country"], answer["timezone"]) == (name, country, timezone)
    assert [bool(source["as_of"]) for source in answer["sources"]] == [True, True]


def test_the_distance_is_that_over_ground():
    # From the middle of Stuttgart to that of Karlsruhe.
    assert place.distance_km((48.7758, 9.1829), (49.0069, 8.4037)) == pytest.approx(62.4, abs=0.5)
    assert place.distance_km((0, 179.9), (0, -179.9)) == pytest.approx(22.2, abs=0.1)
    assert place.distance_km((90, 0), (90, 123)) == pytest.approx(0, abs=0.001)


def test_the_tree_finds_what_a_look_at_every_place_finds():
    dice = random.Random(20261121)
    tree = place.places()
    for _ in range(8):
        point = dice.uniform(-90, 90), dice.uniform(-180, 180)
        nearest = min(place.distance_km(point, (city.latitude, city.longitude)) for city in tree._cities)
        assert tree.find_nearest(*point)[1] == pytest.approx(nearest, abs=1e-6)


def test_a_look_up_costs_a_millisecond_or_two():
    dice = random.Random(1)
    points = [(dice.uniform(-60, 70), dice.uniform(-180, 180)) for _ in range(500)]
    place.places()
    # Of the processor: a busy machine, or one that counts covered lines, takes longer by the clock.
    began = time.process_time()
    for point in points:
        look_up(*point)
    assert (time.process_time() - began) / len(points) < 0.003


def test_without_coordinates_there_is_nothing_to_look_up():
    with pytest.raises(NothingToLookUp):
        look_up(None, None)
