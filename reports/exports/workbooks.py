"""XLSX, row by row: cells are typed as they come, and no text ever becomes a formula, a link or a number."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from tracker.spreadsheets import neutralise

MAX_SHEET_ROWS = 1_048_576
MAX_CELL_CHARACTERS = 32_767
LONGEST_SHEET_NAME = 31
COLUMN_WIDTH = 18
# Above this a number is not the same any more: the format knows floating point alone.
MAX_EXACT_NUMBER = 2**53
_CUT_MARK = "…"
_UNUSABLE_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "remove_timezone": True,
}


class SheetWriter:
    """A workbook that is being written; at the end of the `with` block it is whole, and nothing lies about any more."""

    def __init__(self, target: str | BinaryIO, *, temporary_directory: Path | None = None) -> None:
        options = _OPTIONS | ({"tmpdir": str(temporary_directory)} if temporary_directory else {})
        self._book: Workbook = xlsxwriter.Workbook(target, options)
        # Nothing in it tells when it was written, so that the same rows are the same file.
        self._book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001
        self._bold = self._book.add_format({"bold": True, "bottom": 1})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._names: set[str] = set()

    def add_sheet(self, title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """A sheet under this title; what one sheet cannot hold goes on in further ones."""
        sheet, place = self._begin(title, header), 0
        for row in rows:
            place += 1
            if place == MAX_SHEET_ROWS:
                sheet, place = self._begin(title, header), 1
            for column, value in enumerate(row):
                self._write(sheet, place, column, value)

    def __enter__(self) -> "SheetWriter":
        return self

    def __exit__(self, *details: object) -> None:
        self._book.close()

    def _begin(self, title: str, header: Sequence[str]) -> Worksheet:
        sheet = self._book.add_worksheet(self._name_sheet(title))
        sheet.set_column(0, max(0, len(header) - 1), COLUMN_WIDTH)
        sheet.freeze_panes(1, 0)
        for column, label in enumerate(header):
            sheet.write_string(0, column, neutralise(label), self._bold)
        return sheet

    def _write(self, sheet: Worksheet, row: int, column: int, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                sheet.write_boolean(row, column, value)
            case int() | float() | Decimal() if -MAX_EXACT_NUMBER <= value <= MAX_EXACT_NUMBER:
                sheet.write_number(row, column, value)
            case datetime():
                sheet.write_datetime(row, column, value, self._moment)
            case _:
                text = str(neutralise(str(value)))
                is_long = len(text) > MAX_CELL_CHARACTERS
                sheet.write_string(row, column, text[: MAX_CELL_CHARACTERS - 1] + _CUT_MARK if is_long else text)

    def _name_sheet(self, title: str) -> str:
        """The title as programs take it, and no second time."""
        plain = _UNUSABLE_IN_NAMES.sub(" ", title).strip("' ") or "Rows"
        number, name = 1, _cut(plain, LONGEST_SHEET_NAME)
        while name.lower() in self._names or name.lower() == "history":
            number += 1
            end = f" {number}"
            name = _cut(plain, LONGEST_SHEET_NAME - len(end)) + end
        self._names.add(name.lower())
        return name


def _cut(text: str, length: int) -> str:
    """As much of a name as there is room for: programs count in halves of UTF-16, and take no quote at its end."""
    return text.encode("utf-16-le")[: 2 * length].decode("utf-16-le", "ignore").rstrip("' ")
