"""Reading incidents from CSV files by a mapping: every row checked, every fault named by line and column."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import IO, Any

from incidents.intake.csv_rows import read_csv_rows
from incidents.intake.incident_cells import (
    check_past,
    make_moment_reader,
    make_number_reader,
    make_text_reader,
    make_word_reader,
    read_degrees,
    read_loss,
)
from incidents.intake.incident_mappings import CHOICES, WORDS, IncidentMapping, columns_of, zone_of
from incidents.services.field_checks import check_text
from tracker import clock
from tracker.exceptions import FieldError, InvalidInput

MAX_ID_CHARACTERS = 100
MAX_ATTRIBUTE_CHARACTERS = 1_000
LONGEST = {
    "title": 300, "description": 262_144, "place": 300, "reporter": 254, "city": 120, "region": 120, "country": 2,
    "category": 30, "project": 30, "factory": 120,
}  # fmt: skip
REQUIRED = ("title", "category", "severity", "status", "recovery", "occurred_at")


@dataclass(frozen=True, slots=True)
class SourceIncident:
    """One incident to be kept. `first_id` names the first of several rows of one report, on all but the first."""

    line: int
    source_id: str
    first_id: str
    category: str
    title: str
    occurred_at: datetime
    reported_at: datetime
    description: str = ""
    place: str = ""
    severity: str = ""
    status: str = ""
    recovery: str = ""
    latitude: float | None = None
    longitude: float | None = None
    loss_estimate: Decimal | None = None
    project: str = ""
    factory: str = ""
    reporter: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    timezone: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class IncidentTable:
    """What a file holds: its good rows, what is wrong with the others, and how many only repeat an id."""

    incidents: list[SourceIncident] = field(default_factory=list)
    faults: list[FieldError] = field(default_factory=list)
    repeated: int = 0

    @property
    def bad_lines(self) -> int:
        """How many rows have a fault."""
        return len({fault.index for fault in self.faults})


def read_incident_table(stream: IO[bytes], mapping: IncidentMapping) -> IncidentTable:
    """The incidents of a file; faults name the line in which the row begins, from 1, and the column or field.

    Raises:
        InvalidInput: the file as a whole is too large, is no CSV table, or lacks a column.
    """
    table, ids = IncidentTable(), _Ids(mapping.repeated_ids)
    readers, latest = _make_readers(mapping), clock.now()
    rows = read_csv_rows(stream, needed=columns_of(mapping), encoding=mapping.encoding, delimiter=mapping.delimiter)
    for line, row in rows:
        try:
            if isinstance(row, str):
                raise InvalidInput.of_field("row", row)
            place = ids.take(row[mapping.id])
            if place is None:
                table.repeated += 1
                continue
            table.incidents.append(_read_incident(line, row, mapping, readers, place, latest))
        except InvalidInput as error:
            table.faults += [FieldError(fault.field, fault.message, line) for fault in error.details]
    return table


class _Ids:
    """Gives the rows of one report ids of their own, in the order of the file."""

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._rows: Counter[str] = Counter()
        self._given: set[str] = set()

    def take(self, cell: str) -> tuple[str, str] | None:
        """The row's id and the first row's; None where the row is not wanted."""
        self._rows[cell] += 1
        if not cell or len(cell) > MAX_ID_CHARACTERS - 8 or not cell.isprintable():
            raise InvalidInput.of_field("id", f"1 to {MAX_ID_CHARACTERS - 8} characters that can be printed.")
        number = self._rows[cell]
        if number > 1 and self._rule == "first":
            return None
        if number > 1 and self._rule == "refuse":
            raise InvalidInput.of_field("id", f"{cell} is in this file twice; repeated_ids says what that means.")
        own = cell if number == 1 else f"{cell}/{number}"
        if own in self._given:
            raise InvalidInput.of_field("id", f"{own} is the name of another row already.")
        self._given.add(own)
        return own, "" if number == 1 else cell


Reader = Callable[[dict[str, str]], Any]


def _make_readers(mapping: IncidentMapping) -> dict[str, Reader]:
    missing, zone = mapping.missing, zone_of(mapping)
    readers: dict[str, Reader] = {
        name: make_word_reader(words, missing, CHOICES.get(name, ()))
        for name in WORDS
        if (words := getattr(mapping, name)) is not None
    }
    for name in ("title", "place", "description"):
        readers[name] = make_text_reader(getattr(mapping, name), missing, is_markdown=name == "description")
    for name in ("occurred_at", "reported_at"):
        if (moment := getattr(mapping, name)) is not None:
            readers[name] = make_moment_reader(moment, missing, zone)
    for name in ("latitude", "longitude", "loss_estimate"):
        if (number := getattr(mapping, name)) is not None:
            readers[name] = make_number_reader(number, missing)
    return readers


def _read_incident(
    line: int,
    row: dict[str, str],
    mapping: IncidentMapping,
    readers: dict[str, Reader],
    place: tuple[str, str],
    latest: datetime,
) -> SourceIncident:
    values: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name, read in readers.items():
        try:
            values[name] = _check(name, read(row), latest)
        except ValueError as error:
            faults.append(FieldError(_spell(name, mapping), str(error)))
    if not faults and (values.get("latitude") is None) != (values.get("longitude") is None):
        faults.append(FieldError("latitude", "Latitude and longitude stand together."))
    kept = {name: cell for name, column in mapping.attributes.items() if (cell := row[column]) not in mapping.missing}
    for name, cell in kept.items():
        if len(cell) > MAX_ATTRIBUTE_CHARACTERS:
            faults.append(
                FieldError(
                    f"attributes ({mapping.attributes[name]})", f"Up to {MAX_ATTRIBUTE_CHARACTERS:,} characters."
                )
            )
    if faults:
        raise InvalidInput(faults[0].message, details=faults)
    values["reported_at"] = values.get("reported_at") or values["occurred_at"]
    return SourceIncident(line, *place, **values, timezone=mapping.timezone, attributes=kept)


def _check(name: str, value: Any, latest: datetime) -> Any:
    if name in REQUIRED and not value:
        raise ValueError("Must not be empty.")
    if name in LONGEST:
        return check_text(value, longest=LONGEST[name], is_required=name in REQUIRED)
    if name in ("latitude", "longitude"):
        return read_degrees(value, 90 if name == "latitude" else 180)
    if name == "loss_estimate":
        return read_loss(value)
    return check_past(value, latest) if name.endswith("_at") else value


def _spell(name: str, mapping: IncidentMapping) -> str:
    """A field with the columns it comes from, so that a fault can be found in the file."""
    told = getattr(mapping, name)
    columns = [column] if (column := getattr(told, "column", "")) else getattr(told, "columns", [])
    return f"{name} ({', '.join(columns)})" if columns else name
