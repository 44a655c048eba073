"""Rows of CSV files that others made: limits, blanks, line numbers, and bytes that are no text."""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from typing import IO

from tracker import spreadsheets
from tracker.exceptions import InvalidInput
from tracker.texts import UNSTORABLE, is_storable

MAX_FILE_CHARACTERS = 256 * 1024**2
MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELL_CHARACTERS = 100_000


def read_csv_rows(
    stream: IO[bytes], *, needed: Collection[str], encoding: str = "utf-8", delimiter: str = ","
) -> Iterator[tuple[int, dict[str, str] | str]]:
    """Each row's line, from 1, and its cells by column, outer blanks gone; or what is wrong with the row as a whole.

    Raises:
        InvalidInput: the file as a whole is too large, is no CSV table, or lacks one of the columns `needed`.
    """
    reader = csv.reader(_read_lines(stream, encoding), delimiter=delimiter, strict=True)
    names: Sequence[str] | None = None
    line, count = 1, 0
    try:
        for cells in reader:
            begun, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _check_header([cell.strip() for cell in cells], needed)
                continue
            count += 1
            if count > MAX_ROWS:
                raise InvalidInput.of_field("file", f"Up to {MAX_ROWS:,} rows; split it.")
            yield begun, _read_cells(names, cells)
    except csv.Error as error:
        raise InvalidInput.of_field("file", f"The row that begins in line {line:,} is no CSV: {error}.") from None
    if names is None:
        raise InvalidInput.of_field("file", "It is empty; the first line names the columns.")


def _read_lines(stream: IO[bytes], encoding: str) -> Iterator[str]:
    # Bytes that are no text become halves of characters, so that the row they stand in can be named.
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    text = io.TextIOWrapper(stream, encoding=name, errors="surrogateescape", newline="")
    size = 0
    # Not even a line that is no row is read beyond what a cell may hold anywhere.
    while line := text.readline(spreadsheets.MAX_CELL_CHARACTERS * 2):
        size += len(line)
        if size > MAX_FILE_CHARACTERS:
            raise InvalidInput.of_field("file", f"Up to {MAX_FILE_CHARACTERS:,} characters; split it.")
        yield line


def _check_header(names: list[str], needed: Collection[str]) -> list[str]:
    if len(names) > MAX_COLUMNS:
        raise InvalidInput.of_field("file", f"Up to {MAX_COLUMNS} columns.")
    for name in sorted(needed):
        if names.count(name) != 1:
            what = "no column" if name not in names else "more than one column"
            raise InvalidInput.of_field("file", f"It has {what} {name!r}; it has {', '.join(names)[:500]}.")
    return names


def _read_cells(names: Sequence[str], cells: list[str]) -> dict[str, str] | str:
    if len(cells) != len(names):
        return f"{len(cells)} cells; the first line names {len(names)}."
    for name, cell in zip(names, cells, strict=True):
        if len(cell) > MAX_CELL_CHARACTERS:
            return f"{name}: up to {MAX_CELL_CHARACTERS:,} characters."
        if not is_storable(cell):
            return f"{name}: {UNSTORABLE}"
    return {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
