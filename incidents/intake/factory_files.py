"""Files of factories and sprockets: the two forms of JSON that the old system was seeded from, and a table by day.

The table has a line for each day, department and team, with what was to be made and what was. Each department and
team is a factory of its own, and each day a point at its midnight; both figures are kept as the shares they are.
"""

import io
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import IO, Any
from zoneinfo import ZoneInfo, available_timezones

from incidents.intake.csv_rows import read_csv_rows
from tracker.exceptions import FieldError, InvalidInput
from tracker.production import BROKEN, Point, read_points, read_series
from tracker.strict_json import parse_json

MAX_JSON_BYTES = 64 * 1024**2
MAX_ROWS = 10_000
COLUMNS = ("date", "department", "team", "targeted_productivity", "actual_productivity")
# How the table spells its departments, outer blanks gone.
SPELLINGS = {"sweing": "sewing"}
FACTORY_KEYS = ("name", "place", "timezone", "chart_data")
MEASURES = ("teeth", "pitch_diameter", "outside_diameter", "pitch")


@dataclass(frozen=True, slots=True)
class SourceFactory:
    """A factory as a file tells it; None as its name where the file gives none."""

    source_id: str
    name: str | None
    place: str = ""
    timezone: str = "UTC"
    points: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class SourceSprocket:
    """A kind of sprocket as a file tells it."""

    source_id: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FactoryFile:
    """What is in a file."""

    factories: Sequence[SourceFactory] = ()
    sprockets: Sequence[SourceSprocket] = ()


@dataclass(slots=True)
class _Team:
    department: str
    number: str
    points: dict[datetime, Point] = field(default_factory=dict)


def read_factory_file(stream: IO[bytes], *, timezone: str = "UTC") -> FactoryFile:
    """What is in a file; its first character tells JSON and a table apart. Days begin on the clocks of `timezone`.

    Raises:
        InvalidInput: naming each entry (from 1) or line and field that breaks a rule; nothing is taken then.
    """
    if timezone not in available_timezones():
        raise InvalidInput.of_field("timezone", "Name an IANA time zone such as Europe/Berlin.")
    buffered = io.BufferedReader(stream)  # type: ignore[type-var]
    if buffered.peek(4).removeprefix(BOM_UTF8)[:1] not in (b"{", b"["):
        return FactoryFile(factories=_read_table(buffered, timezone))
    body = buffered.read(MAX_JSON_BYTES + 1)
    if len(body) > MAX_JSON_BYTES:
        raise InvalidInput.of_field("file", f"Up to {MAX_JSON_BYTES:,} bytes; split it.")
    return _read_document(parse_json(body.removeprefix(BOM_UTF8)), timezone)


def _read_document(data: Any, timezone: str) -> FactoryFile:
    known = {"factories", "sprockets"}
    if not isinstance(data, Mapping) or not data or set(data) - known:
        raise InvalidInput.of_field("file", 'It holds {"factories": […]} or {"sprockets": […]}.')
    factories, sprockets = data.get("factories", []), data.get("sprockets", [])
    for name, rows in (("factories", factories), ("sprockets", sprockets)):
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            raise InvalidInput.of_field(name, f"A list of up to {MAX_ROWS:,}.")
    return FactoryFile(
        factories=[_read_factory(number, row, timezone) for number, row in enumerate(factories, 1)],
        sprockets=[_read_sprocket(number, row) for number, row in enumerate(sprockets, 1)],
    )


def _read_factory(number: int, row: Any, timezone: str) -> SourceFactory:
    inner = row.get("factory", row) if isinstance(row, Mapping) else None
    if not isinstance(inner, Mapping) or "chart_data" not in inner or set(inner) - set(FACTORY_KEYS):
        raise InvalidInput.of_field("factories", f"Entry {number}: {BROKEN} A factory holds {', '.join(FACTORY_KEYS)}.")
    texts = {name: inner[name] for name in ("name", "place", "timezone") if name in inner}
    if not all(isinstance(text, str) for text in texts.values()):
        raise InvalidInput.of_field("factories", f"Entry {number}: name, place and timezone are texts.")
    try:
        points = read_series(inner["chart_data"])
    except InvalidInput as error:
        raise InvalidInput.of_field("factories", f"Entry {number}: {_tell(error)}") from None
    return SourceFactory(str(number), **{"name": None, "timezone": timezone, **texts}, points=points)


def _read_sprocket(number: int, row: Any) -> SourceSprocket:
    if not isinstance(row, Mapping) or set(row) - {"name", *MEASURES}:
        raise InvalidInput.of_field("sprockets", f"Entry {number}: {BROKEN} A sprocket holds {', '.join(MEASURES)}.")
    return SourceSprocket(str(number), row)


def _read_table(stream: IO[bytes], timezone: str) -> list[SourceFactory]:
    teams: dict[tuple[str, str], _Team] = {}
    faults: list[FieldError] = []
    for line, cells in read_csv_rows(stream, needed=COLUMNS):
        try:
            _take_line(teams, cells, ZoneInfo(timezone))
        except InvalidInput as error:
            faults.append(FieldError(error.details[0].field, error.details[0].message, line))
    if faults:
        first = faults[0]
        message = f"{len(faults)} bad lines, the first: line {first.index}, {first.field}: {first.message}"
        raise InvalidInput(message, details=faults)
    return [
        SourceFactory(
            f"{team.department}-{team.number}",
            f"{team.department.capitalize()}, team {team.number}",
            timezone=timezone,
            points=[team.points[at] for at in sorted(team.points)],
        )
        for team in teams.values()
    ]


def _take_line(teams: dict[tuple[str, str], _Team], cells: dict[str, str] | str, zone: ZoneInfo) -> None:
    if isinstance(cells, str):
        raise InvalidInput.of_field("line", cells)
    department = " ".join(cells["department"].lower().split())
    department = SPELLINGS.get(department, department)
    number = cells["team"]
    for name, text in (("department", department), ("team", number)):
        if not text or len(text) > 40 or not text.isprintable():
            raise InvalidInput.of_field(name, "1 to 40 characters.")
    midnight = datetime.combine(_read_day(cells["date"]), time(), zone)
    figures = {key: _read_number(cells[f"{word}_productivity"])
               for key, word in (("actual", "actual"), ("goal", "targeted"))}  # fmt: skip
    (point,) = read_points([{"time": midnight.isoformat(), **figures}])
    team = teams.setdefault((department, number), _Team(department, number))
    if point.at in team.points:
        raise InvalidInput.of_field("date", f"{department} {number} has this day twice.")
    team.points[point.at] = point


def _read_day(text: str) -> date:
    """Month first, as the table has it."""
    parts = text.split("/")
    if len(parts) == 3 and all(part.isascii() and part.isdecimal() and len(part) <= 4 for part in parts):
        month, day, year = map(int, parts)
        try:
            return date(year, month, day)
        except ValueError:
            pass
    raise InvalidInput.of_field("date", "Month, day and year, such as 1/31/2015.")


def _read_number(text: str) -> float | str:
    try:
        return float(text) if text.isascii() else text
    except ValueError:
        return text


def _tell(error: InvalidInput) -> str:
    detail = error.details[0]
    where = "" if detail.index is None else f" (point {detail.index + 1})"
    return f"{detail.field}: {detail.message}{where}"
