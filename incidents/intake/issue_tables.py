"""Reading issues from a CSV table that people fill in, or that the export wrote."""

import csv
import io
from dataclasses import dataclass
from itertools import islice

import tablib
from import_export.formats.base_formats import CSV

from incidents.services.issue_exports import HEADER
from tracker.exceptions import InvalidInput
from tracker.spreadsheets import restore

MAX_BYTES = 10 * 1024**2
MAX_ROWS = 5_000
# With the header, and as many empty ones again.
MAX_LINES = 2 * MAX_ROWS
WRITTEN = ("key", "project", "title", "description", "severity", "priority", "assignee", "tags", "due_on", "factory")
# What the export tells besides; the table may keep these columns, and they change nothing.
READ_ONLY = tuple(name for name in HEADER if name not in WRITTEN)


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of one row by column, as they were typed. `line` is the row's number, the header's being 1."""

    line: int
    cells: dict[str, str]


def read_table(data: bytes) -> list[TableRow]:
    """The rows of a CSV file in UTF-8, separated by comma or semicolon.

    Raises:
        InvalidInput: it is too large, no such table, or has a column that means nothing.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput.of_field("file", f"Up to {MAX_BYTES // 1024**2} MiB.")
    dataset = _read_dataset(data)
    names = [str(name).strip().lower() for name in dataset.headers or []]
    _check_columns(names)
    if len(dataset) > MAX_ROWS:
        raise InvalidInput.of_field("file", f"Up to {MAX_ROWS:,} rows; this has {len(dataset):,}.")
    wanted = [(place, name) for place, name in enumerate(names) if name in WRITTEN]
    rows = [
        TableRow(line, {name: restore(row[place]) for place, name in wanted})
        for line, row in enumerate(dataset, start=2)
    ]
    return [row for row in rows if any(cell.strip() for cell in row.cells.values())]


def _read_dataset(data: bytes) -> tablib.Dataset:
    try:
        text = data.decode("utf-8-sig")
        header = text.split("\n", 1)[0]
        delimiter = ";" if header.count(";") > header.count(",") else ","
        # The library would first read them all.
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        if sum(1 for _ in islice(lines, MAX_LINES)) == MAX_LINES:
            raise InvalidInput.of_field("file", f"Up to {MAX_ROWS:,} rows; this has more.")
        dataset: tablib.Dataset = CSV().create_dataset(text, delimiter=delimiter)
    except UnicodeDecodeError:
        raise InvalidInput.of_field("file", "Must be a CSV file in UTF-8.") from None
    except csv.Error as error:
        raise InvalidInput.of_field("file", f"No CSV table: {error}.") from None
    except tablib.core.InvalidDimensions:
        raise InvalidInput.of_field("file", "A row has more cells than the first line has names.") from None
    return dataset


def _check_columns(names: list[str]) -> None:
    known = {*WRITTEN, *READ_ONLY}
    for name in names:
        if name not in known:
            raise InvalidInput.of_field("file", f"No column {name[:40]!r}; there are {', '.join(WRITTEN)}.")
        if names.count(name) > 1:
            raise InvalidInput.of_field("file", f"The column {name} is there twice.")
    if not {"key", "title"} & set(names):
        raise InvalidInput.of_field("file", "The first line names the columns; key or title must be among them.")
