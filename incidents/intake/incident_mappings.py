"""Mapping files: how the columns of somebody's CSV file become incidents. docs/analysis.md explains every key."""

import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from incidents.choices import IncidentStatus, Recovery, Severity
from incidents.sla.errors import SpecErrors
from incidents.sla.strict_yaml import load_yaml
from tracker.exceptions import InvalidInput

MAX_MAPPING_BYTES = 64 * 1024
Text = str | list[str]


class Words(msgspec.Struct, forbid_unknown_fields=True):
    """A field of a few words: one for all (`constant`), or a column's, translated by `values`.

    `default` stands for a cell that is empty or is not in `values`; without it such a cell is a fault.
    """

    column: str = ""
    constant: str = ""
    values: dict[str, str] = {}
    default: str = ""
    missing: list[str] = []


class Pieces(msgspec.Struct, forbid_unknown_fields=True):
    """A text of several pieces with `{columns}` in them; a piece that names an empty column is left out."""

    pieces: list[str]
    join: str = ", "


class Moment(msgspec.Struct, forbid_unknown_fields=True):
    """A moment from one or more columns, joined by a blank, in the first of `formats` (strptime) that fits."""

    columns: list[str]
    formats: list[str]
    missing: list[str] = []


class Number(msgspec.Struct, forbid_unknown_fields=True):
    """A number: `remove` is taken out first (currency signs, thousands), `decimal` stands before the fraction."""

    column: str
    remove: list[str] = []
    decimal: Literal[".", ","] = "."
    missing: list[str] = []


class IncidentMapping(msgspec.Struct, forbid_unknown_fields=True):
    """A whole mapping file."""

    source: str
    id: str
    title: str | Pieces
    category: Words
    occurred_at: Moment
    timezone: str
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    delimiter: str = ","
    missing: list[str] = msgspec.field(default_factory=lambda: [""])
    repeated_ids: Literal["number", "first", "refuse"] = "refuse"
    reported_at: Moment | None = None
    description: str | Pieces = ""
    place: str | Pieces = ""
    severity: Words = msgspec.field(default_factory=lambda: Words(constant=Severity.MEDIUM))
    status: Words = msgspec.field(default_factory=lambda: Words(constant=IncidentStatus.OPEN))
    recovery: Words = msgspec.field(default_factory=lambda: Words(constant=Recovery.UNKNOWN))
    latitude: Number | None = None
    longitude: Number | None = None
    loss_estimate: Number | None = None
    project: Words | None = None
    factory: Words | None = None
    reporter: Words | None = None
    city: Words | None = None
    region: Words | None = None
    country: Words | None = None
    attributes: dict[str, str] = {}


WORDS = ("category", "severity", "status", "recovery", "project", "factory", "reporter", "city", "region", "country")
CHOICES: dict[str, list[str]] = {
    "severity": Severity.values,
    "status": IncidentStatus.values,
    "recovery": Recovery.values,
}


def read_incident_mapping(path: Path) -> IncidentMapping:
    """The mapping in a YAML file.

    Raises:
        InvalidInput: not readable, or a key or value that means nothing; the message names it.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_MAPPING_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}.") from None
    try:
        return parse_incident_mapping(data)
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error.message}", details=error.details) from None


def parse_incident_mapping(data: bytes) -> IncidentMapping:
    """The mapping that a YAML document tells.

    Raises:
        InvalidInput: as `read_incident_mapping`.
    """
    if len(data) > MAX_MAPPING_BYTES:
        raise InvalidInput(f"A mapping may have {MAX_MAPPING_BYTES:,} bytes.")
    try:
        mapping = msgspec.convert(load_yaml(data), IncidentMapping)
    except SpecErrors as error:
        raise InvalidInput(str(error)) from None
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{error}.") from None
    for name, message in _find_faults(mapping):
        raise InvalidInput.of_field(name, message)
    return mapping


def columns_of(mapping: IncidentMapping) -> set[str]:
    """Every column that a mapping names."""
    names = {mapping.id, *mapping.attributes.values()}
    for moment in (mapping.occurred_at, mapping.reported_at):
        names.update(moment.columns if moment else ())
    for number in (mapping.latitude, mapping.longitude, mapping.loss_estimate):
        names.update([number.column] if number else ())
    for field in WORDS:
        words: Words | None = getattr(mapping, field)
        names.update([words.column] if words and words.column else ())
    for text in (mapping.title, mapping.description, mapping.place):
        for piece in pieces_of(text):
            names.update(name for _, name in parse_piece(piece) if name)
    return names


def pieces_of(text: str | Pieces) -> list[str]:
    """The pieces of a text, of which there may be none."""
    if isinstance(text, Pieces):
        return text.pieces
    return [text] if text else []


def parse_piece(piece: str) -> list[tuple[str, str]]:
    """A piece as words and the column that follows them, "" where none does.

    Raises:
        ValueError: the braces do not pair, or hold more than a name.
    """
    parts = []
    for words, name, spec, conversion in string.Formatter().parse(piece):
        if name is not None and (not name or spec or conversion):
            raise ValueError(f"{piece!r}: braces hold the name of a column and nothing else.")
        parts.append((words, name or ""))
    return parts


def _find_faults(mapping: IncidentMapping) -> Iterator[tuple[str, str]]:
    if not 1 <= len(mapping.source) <= 100 or not mapping.source.isprintable():
        yield "source", "1 to 100 characters."
    if mapping.timezone not in available_timezones():
        yield "timezone", "Name an IANA time zone such as America/Toronto."
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n':
        yield "delimiter", 'One character, such as a comma, a semicolon or a tab ("\\t").'
    if (mapping.latitude is None) != (mapping.longitude is None):
        yield "latitude", "Map latitude and longitude together, or neither."
    for name in ("occurred_at", "reported_at"):
        moment: Moment | None = getattr(mapping, name)
        if moment is not None and not (moment.columns and moment.formats):
            yield name, "Name at least one column and one format."
    for name in WORDS:
        yield from _find_word_faults(name, getattr(mapping, name))
    for name in ("title", "description", "place"):
        try:
            for piece in pieces_of(getattr(mapping, name)):
                parse_piece(piece)
        except ValueError as error:
            yield name, str(error)


def _find_word_faults(name: str, words: Words | None) -> Iterator[tuple[str, Any]]:
    if words is None:
        return
    if bool(words.column) == bool(words.constant):
        yield name, "Name a column or a constant."
    allowed = CHOICES.get(name)
    told = {*words.values.values(), words.default, words.constant} - {""}
    if allowed and (unknown := sorted(told - {*allowed})):
        yield name, f"{unknown[0]!r} is none of {', '.join(allowed)}."


def zone_of(mapping: IncidentMapping) -> ZoneInfo:
    """The time zone of the file's local times."""
    return ZoneInfo(mapping.timezone)
