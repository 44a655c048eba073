"""Reads back what was written as XLSX, down to the types of its cells."""

import io
import zipfile
from dataclasses import dataclass
from xml.etree import ElementTree

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: cells as (type, text), and whether any of it is calculated or clicked."""

    name: str
    rows: list[list[tuple[str, str]]]
    is_live: bool


def read_sheets(content: bytes) -> list[Sheet]:
    """The sheets in their order."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        names = [str(sheet.get("name")) for sheet in _parse(book, "xl/workbook.xml").iter(f"{_SPACE}sheet")]
        return [
            _read(name, _parse(book, f"xl/worksheets/sheet{number}.xml")) for number, name in enumerate(names, start=1)
        ]


def _read(name: str, sheet: ElementTree.Element) -> Sheet:
    rows = [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.iter(f"{_SPACE}c")]
        for row in sheet.iter(f"{_SPACE}row")
    ]
    return Sheet(name, rows, any(list(sheet.iter(f"{_SPACE}{word}")) for word in ("f", "hyperlink")))


def _parse(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    # Ours: tests read what they have just written.
    return ElementTree.fromstring(book.read(name))  # noqa: S314
