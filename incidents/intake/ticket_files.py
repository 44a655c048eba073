"""Reading ticket events from files: JSON, JSON Lines and CSV, plain or compressed (.gz, .xz), one batch at a time."""

import csv
import gzip
import io
import itertools
import json
import lzma
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import msgspec
import yaml

from tracker.exceptions import InvalidInput

MAX_LINE_CHARACTERS = 1_000_000
MAX_MAPPING_BYTES = 64 * 1024

Row = dict[str, Any]


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """A field made up from another column: always the same choice for the same value."""

    column: str
    choices: list[str]


class Mapping(msgspec.Struct, forbid_unknown_fields=True):
    """How the columns of a CSV file become events.

    Attributes:
        columns: field → column; without it the columns must be named like the fields.
        values: field → {value in the file → value to take}.
        constants: field → value for every row.
        choose: field → a stable choice by another column's value.
        attributes: columns to keep as attributes.
        skip: field → values whose rows are left out.
        missing: what stands for "no value".
        time_format, timezone: for times that are not RFC 3339, as in datetime.strptime.
    """

    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    constants: dict[str, str] = {}
    choose: dict[str, Choice] = {}
    attributes: list[str] = []
    skip: dict[str, list[str]] = {}
    missing: list[str] = msgspec.field(default_factory=lambda: [""])
    delimiter: str = ","
    time_format: str = ""
    timezone: str = "UTC"


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file.

    Raises:
        InvalidInput: not readable, or a key or value that means nothing; the message names it.
    """
    try:
        text = path.read_bytes()[: MAX_MAPPING_BYTES + 1]
        if len(text) > MAX_MAPPING_BYTES:
            raise InvalidInput(f"{path}: a mapping may have {MAX_MAPPING_BYTES} bytes.")
        mapping = msgspec.convert(yaml.safe_load(text) or {}, Mapping)
        ZoneInfo(mapping.timezone)
    except (OSError, yaml.YAMLError, msgspec.ValidationError, KeyError, ValueError) as error:
        raise InvalidInput(f"{path}: {str(error).splitlines()[0]}") from None
    return mapping


def open_file(name: str) -> IO[bytes]:
    """The file of that name, unpacked on the fly; `-` is standard input."""
    if name == "-":
        return sys.stdin.buffer
    path = Path(name)
    try:
        if path.suffix == ".xz":
            return lzma.open(path)
        if path.suffix == ".gz":
            return gzip.open(path)  # type: ignore[return-value]
        return path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{name}: {error.strerror}.") from None


def read_file(stream: IO[bytes], mapping: Mapping | None = None) -> Iterator[Row]:
    """The rows of a file; its first character tells JSON, JSON Lines or CSV apart.

    Raises:
        InvalidInput: a line that is none of them; the message names it.
    """
    buffered = io.BufferedReader(stream)  # type: ignore[type-var]
    start = buffered.peek(1)[:1]
    if start == b"[":
        return iter(_read_json(buffered))
    if start == b"{":
        return _read_json_lines(buffered)
    return _read_csv(buffered, mapping or Mapping())


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """The rows in lists of `size`, the last one shorter."""
    while batch := list(itertools.islice(rows, size)):
        yield batch


def _read_json(stream: IO[bytes]) -> list[Row]:
    try:
        rows: list[Row] = msgspec.json.decode(stream.read(), type=list[dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidInput(f"Not a JSON list of events: {error}.") from None
    return rows


def _read_json_lines(stream: IO[bytes]) -> Iterator[Row]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE_CHARACTERS), b""), start=1):
        if not line.strip():
            continue
        try:
            yield decode(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise InvalidInput(f"Line {number} is not one JSON object: {error}.") from None


def _read_csv(stream: IO[bytes], mapping: Mapping) -> Iterator[Row]:
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    reader = csv.DictReader(text, delimiter=mapping.delimiter)
    names = reader.fieldnames or []
    wanted = [*mapping.columns.values(), *mapping.attributes, *(choice.column for choice in mapping.choose.values())]
    if missing := [name for name in wanted if name not in names]:
        raise InvalidInput(f"The file has no column {missing[0]!r}; it has {', '.join(names)}.")
    convert = make_converter(mapping, names)
    try:
        for row in reader:
            if (event := convert(row)) is not None:
                yield event
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidInput(f"Line {reader.line_num}: {error}.") from None


def make_converter(mapping: Mapping, names: Sequence[str]) -> Callable[[Row], Row | None]:
    """A function that turns one CSV row into an event, or into None where the mapping says to skip it."""
    columns = mapping.columns or {name: name for name in names}
    missing = frozenset(mapping.missing)
    read_time = _make_time_reader(mapping)

    def convert(row: Row) -> Row | None:
        event: Row = dict(mapping.constants)
        for field, column in columns.items():
            text = (row[column] or "").strip()
            if text in mapping.skip.get(field, ()):
                return None
            if text not in missing:
                event[field] = mapping.values.get(field, {}).get(text, text)
        for field in ("created_at", "updated_at"):
            if field in event:
                event[field] = read_time(event[field])
        for field, choice in mapping.choose.items():
            event[field] = choose(row[choice.column], choice.choices)
        if "attributes" in event:
            event["attributes"] = json.loads(event["attributes"])
        if kept := {name: row[name] for name in mapping.attributes if row[name] not in missing}:
            event["attributes"] = kept
        return event

    return convert


def _make_time_reader(mapping: Mapping) -> Callable[[str], Any]:
    if not mapping.time_format:
        return lambda text: text
    zone = ZoneInfo(mapping.timezone)

    @lru_cache(maxsize=100_000)
    def read(text: str) -> Any:
        try:
            return datetime.strptime(text, mapping.time_format).replace(tzinfo=zone)
        except ValueError:
            # Left as it is, so that the event is refused with the field named, like any other bad time.
            return text

    return read


def choose(value: str, choices: list[str]) -> str:
    """The same choice for the same value, on every machine."""
    number = int.from_bytes(blake2b(value.encode(), digest_size=4).digest())
    return choices[number % len(choices)]
