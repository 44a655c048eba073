"""Sets of incidents by when and where they happened: what the analysis counts and what lists are narrowed by.

Both use the same expressions, so that a figure and the list behind it never disagree.
"""

import math
from datetime import date, datetime, time, tzinfo
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    DateField,
    DateTimeField,
    F,
    FloatField,
    Func,
    IntegerField,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import In

from incidents.models import Incident

Incidents = QuerySet[Incident]
# A cell is this high everywhere, 500 m, and about as wide: its width in degrees grows towards the poles.
CELL_DEGREES = 0.0045
_NARROWEST = 0.01


def occurred_between(incidents: Incidents, start: datetime | None, end: datetime | None) -> Incidents:
    """Those that happened from `start` on and before `end`."""
    if start is not None:
        incidents = incidents.filter(occurred_at__gte=start)
    return incidents if end is None else incidents.filter(occurred_at__lt=end)


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day begins on the clocks of a zone."""
    return datetime.combine(day, time.min, tzinfo=zone)


def in_hour(incidents: Incidents, hour: int, zone: tzinfo) -> Incidents:
    """Those that happened in this hour of the day, 0 to 23, on the clocks of their place."""
    return incidents.alias(_hour=hour_of_place(zone)).filter(_hour=hour)


def on_weekday(incidents: Incidents, weekday: int, zone: tzinfo) -> Incidents:
    """Those that happened on this day of the week, 1 (Monday) to 7, on the clocks of their place."""
    return incidents.alias(_weekday=weekday_of_place(zone)).filter(_weekday=weekday)


def in_cell(incidents: Incidents, latitude: float, longitude: float) -> Incidents:
    """Those in the same cell of the grid as this place."""
    row, column = cell_of(latitude, longitude)
    # The range is what an index could use; the row and column are what counts.
    south = (row - 1) * CELL_DEGREES
    near = incidents.filter(latitude__range=(south, south + 3 * CELL_DEGREES))
    return near.alias(_row=grid_row(), _column=grid_column()).filter(_row=row, _column=column)


def read_place(text: str) -> tuple[float, float] | None:
    """Latitude and longitude as an address spells them; None for what is no place on earth."""
    parts = text.split(",")
    try:
        latitude, longitude = (float(part) for part in parts if text.isascii() and len(text) < 60)
    except ValueError:
        return None
    # Neither infinity nor nan is between two numbers.
    return (latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None


def cell_of(latitude: float, longitude: float) -> tuple[int, int]:
    """Row and column of the cell that holds a place."""
    row = math.floor(latitude / CELL_DEGREES)
    return row, math.floor(longitude / _cell_width(row))


def centre_of(row: int, column: int) -> tuple[float, float]:
    """Latitude and longitude of a cell's middle, or of the edge of the map where that lies beyond it."""
    latitude, longitude = (row + 0.5) * CELL_DEGREES, (column + 0.5) * _cell_width(row)
    return max(-90.0, min(90.0, latitude)), max(-180.0, min(180.0, longitude))


def _cell_width(row: int) -> float:
    return CELL_DEGREES / max(_NARROWEST, math.cos(math.radians((row + 0.5) * CELL_DEGREES)))


# As the database says it


def hour_of_place(zone: tzinfo) -> Func:
    """The hour of the day at which an incident happened, on the clocks of its place."""
    return _part("hour", _time_of_place(zone))


def weekday_of_place(zone: tzinfo) -> Func:
    """The day of the week likewise, 1 for Monday."""
    return _part("isodow", _time_of_place(zone))


def day_of_bucket(bucket: str, zone: tzinfo) -> Func:
    """The first day of the day, week, month or year in which an incident happened, on the clocks of `zone`."""
    local = _on_clocks_of(Value(_name_of(zone), output_field=CharField()))
    template = f"date_trunc('{bucket}', %(expressions)s)::date"
    return Func(local, template=template, output_field=DateField())


def grid_row() -> Func:
    """The row of an incident's cell."""
    return _floor_of(F("latitude"), Value(CELL_DEGREES, output_field=FloatField()))


def grid_column() -> Func:
    """The column of an incident's cell."""
    template = (
        "(%(step)s / greatest(%(narrowest)s, cos(radians((floor(%(expressions)s / %(step)s) + 0.5) * %(step)s))))"
    )
    width = Func(F("latitude"), template=template, step=CELL_DEGREES, narrowest=_NARROWEST, output_field=FloatField())
    return _floor_of(F("longitude"), width)


def _floor_of(degrees: F, width: Any) -> Func:
    return Func(degrees, width, template="floor(%(expressions)s)::int", arg_joiner=" / ", output_field=IntegerField())


def _part(name: str, local: Func) -> Func:
    return Func(local, template=f"extract({name} FROM %(expressions)s)::int", output_field=IntegerField())


def _time_of_place(zone: tzinfo) -> Func:
    """Where the place's zone is known, by enrichment or by its factory, that; else the reader's."""
    named: Any = Coalesce(
        NullIf(F("timezone"), Value("")), F("factory__timezone"), Value(_name_of(zone)), output_field=CharField()
    )
    if strange := _zones_strange_to_database():
        named = Case(When(In(named, strange), then=Value("UTC")), default=named, output_field=CharField())
    return _on_clocks_of(named)


def _name_of(zone: tzinfo) -> str:
    name = str(zone)
    return "UTC" if name in _zones_strange_to_database() else name


def _on_clocks_of(zone: Any) -> Func:
    return Func(zone, F("occurred_at"), function="timezone", output_field=DateTimeField())


@cache
def _zones_strange_to_database() -> list[str]:
    """Zones that Python knows and this server does not: asked for the time there, it would refuse."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    return sorted(available_timezones() - known)
