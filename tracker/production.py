"""Series of production as they are sent and told: three lists of equal length, or a list of points."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, NoReturn

from django.utils.dateparse import parse_datetime

from tracker.exceptions import FieldError, InvalidInput
from tracker.models.assets import MOST

ACTUAL, GOAL, TIME = "sprocket_production_actual", "sprocket_production_goal", "time"
COLUMNS = (ACTUAL, GOAL, TIME)
POINT_KEYS = ("time", "actual", "goal")
MAX_POINTS = 100_000
# One object a point is dearer to read than three lists.
MAX_LISTED_POINTS = 10_000
BROKEN = "Invalid JSON structure."
UNEQUAL = f"Length of {ACTUAL}, {GOAL} and {TIME} must be the same."
LAST_SECOND = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class Point(NamedTuple):
    """What was made up to a moment, and what was to be made."""

    at: datetime
    actual: float
    goal: float


def read_series(data: Any, *, field: str = "chart_data") -> list[Point]:
    """The points of `{sprocket_production_actual: […], sprocket_production_goal: […], time: […]}`.

    Raises:
        InvalidInput: naming the list and, where one value is at fault, its index.
    """
    if not isinstance(data, Mapping):
        refuse(field, BROKEN)
    unknown = [key for key in data if key not in COLUMNS]
    if unknown:
        refuse(f"{field}.{str(unknown[0])[:100]}", f"unknown_or_read_only: {field} holds {', '.join(COLUMNS)}.")
    for name in COLUMNS:
        if name not in data:
            refuse(f"{field}.{name}", f"Missing required field: {name}")
        if not isinstance(data[name], list):
            refuse(f"{field}.{name}", BROKEN)
    if len({len(data[name]) for name in COLUMNS}) > 1:
        refuse(field, UNEQUAL)
    if len(data[TIME]) > MAX_POINTS:
        refuse(field, f"Up to {MAX_POINTS:,} points.")
    return _read_points(
        zip(data[TIME], data[ACTUAL], data[GOAL], strict=True),
        [f"{field}.{TIME}", f"{field}.{ACTUAL}", f"{field}.{GOAL}"],
    )


def read_points(data: Any, *, field: str = "points") -> list[Point]:
    """The points of `[{"time": …, "actual": …, "goal": …}, …]`. Raises: as `read_series`."""
    if not isinstance(data, list):
        refuse(field, BROKEN)
    if len(data) > MAX_LISTED_POINTS:
        refuse(field, f"Up to {MAX_LISTED_POINTS:,} points as a list; chart_data holds up to {MAX_POINTS:,}.")
    for index, point in enumerate(data):
        if not isinstance(point, Mapping):
            refuse(field, BROKEN, index)
        for name in POINT_KEYS:
            if name not in point:
                refuse(name, f"Missing required field: {name}", index)
        unknown = next((key for key in point if key not in POINT_KEYS), None)
        if unknown is not None:
            refuse(str(unknown)[:100], f"unknown_or_read_only: a point holds {', '.join(POINT_KEYS)}.", index)
    return _read_points((tuple(point[name] for name in POINT_KEYS) for point in data), list(POINT_KEYS))


def describe_series(points: Iterable[Point]) -> dict[str, list[Any]]:
    """The three lists, with time in Unix seconds."""
    told: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for point in points:
        told[ACTUAL].append(plain_number(point.actual))
        told[GOAL].append(plain_number(point.goal))
        told[TIME].append(plain_number(point.at.timestamp()))
    return told


def plain_number(value: float) -> float | int:
    """A whole number without a fraction, as it was sent."""
    return int(value) if value.is_integer() else value


def refuse(field: str, message: str, index: int | None = None) -> NoReturn:
    """Refuses in the words that old clients know, naming the field in the details.

    Raises:
        InvalidInput: always.
    """
    raise InvalidInput(message, details=[FieldError(field, message, index)])


def _read_points(rows: Iterable[Sequence[Any]], fields: Sequence[str]) -> list[Point]:
    points: list[Point] = []
    for index, (time, actual, goal) in enumerate(rows):
        at = _read_moment(time, fields[0], index)
        if points and at <= points[-1].at:
            refuse(fields[0], "Times must increase from point to point.", index)
        points.append(Point(at, _read_number(actual, fields[1], index), _read_number(goal, fields[2], index)))
    return points


def _read_number(value: Any, field: str, index: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(field, "Must be a number.", index)
    if not math.isfinite(value) or abs(value) > MOST:
        refuse(field, f"Must be a number of at most {MOST:,.0f}.", index)
    return float(value)


def _read_moment(value: Any, field: str, index: int) -> datetime:
    if isinstance(value, str):
        try:
            moment = parse_datetime(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            refuse(field, "Must be Unix seconds, or a moment as in RFC 3339 with its zone.", index)
        value = moment.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(field, "Must be Unix seconds, or a moment as in RFC 3339 with its zone.", index)
    if not 0 <= value <= LAST_SECOND:
        refuse(field, "Must be Unix seconds from 1970 on, not milliseconds.", index)
    return datetime.fromtimestamp(value, UTC)
