"""Incidents near a place."""

import math
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, F, FloatField, Func, Q, QuerySet, Value
from django.db.models.functions import Cos, Power, Radians, Sin
from django.db.models.lookups import LessThanOrEqual

from incidents.enrichment.place import EARTH_RADIUS_KM
from incidents.enrichment.similar import boxes_around
from incidents.models import Incident

MAX_METRES = 50_000
MOST_FOUND = 20_000


@dataclass(frozen=True, slots=True)
class Circle:
    """Everything up to `metres` from a place, over ground."""

    latitude: float
    longitude: float
    metres: float


def read_circle(text: str) -> Circle:
    """The circle that `latitude,longitude,metres` means.

    Raises:
        ValueError: it means none.
    """
    numbers = [float(part) for part in text.split(",")]
    if len(numbers) != 3 or not all(math.isfinite(number) for number in numbers):
        raise ValueError(text)
    latitude, longitude, metres = numbers
    if abs(latitude) > 90 or abs(longitude) > 180 or not 0 < metres <= MAX_METRES:
        raise ValueError(text)
    return Circle(latitude, longitude, metres)


def incidents_near(incidents: "QuerySet[Incident]", circle: Circle) -> "QuerySet[Incident]":
    """Those of `incidents` within the circle, so that a page costs little however few or many these are.

    PostgreSQL guesses that a thousandth of all lies in any box. Few are looked up by their index on places first; of
    many, a walk through the list meets enough.
    """
    condition = Q(latitude__isnull=False) & _is_in_boxes(circle) & Q(_is_within(circle))
    found = list(Incident.objects.filter(condition).order_by().values_list("pk", flat=True)[: MOST_FOUND + 1])
    return incidents.filter(condition) if len(found) > MOST_FOUND else incidents.filter(pk__in=found)


def _is_in_boxes(circle: Circle) -> Q:
    point = Func(F("longitude"), F("latitude"), function="point", output_field=FloatField())
    condition = Q()
    for box in boxes_around(circle.latitude, circle.longitude, km=circle.metres / 1000):
        in_box: Any = Func(
            point, Value(box), template="%(expressions)s::box", arg_joiner=" <@ ", output_field=BooleanField()
        )
        condition |= Q(in_box)
    return condition


def _is_within(circle: Circle) -> LessThanOrEqual:
    """The haversine formula; half the angle's sine is compared, so that nothing needs to be turned back into metres."""
    north = Power(Sin(Radians(F("latitude") - circle.latitude) / 2), 2)
    east = Power(Sin(Radians(F("longitude") - circle.longitude) / 2), 2)
    spread = north + Cos(Radians(F("latitude"))) * math.cos(math.radians(circle.latitude)) * east
    return LessThanOrEqual(spread, math.sin(circle.metres / 1000 / EARTH_RADIUS_KM / 2) ** 2)
