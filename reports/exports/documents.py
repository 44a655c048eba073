"""The tables of a report as one file: CSV (several tables in an archive), XLSX (a sheet each) or JSON."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reports.choices import FileFormat
from reports.exports.csv_lines import write_lines
from reports.exports.workbooks import SheetWriter
from reports.kinds.contract import Heading, Presentation, Row, Table
from tracker.api.renderers import to_json
from tracker.exceptions import InvalidInput
from tracker.pieces import gather_pieces

DOCUMENT_FORMATS = (FileFormat.CSV, FileFormat.XLSX, FileFormat.JSON)
ZIP_TYPE = "application/zip"
_UNUSABLE_IN_NAMES = re.compile(r"[^\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Export:
    """A file on its way out: `pieces` are its bytes, made while they are read."""

    name: str
    content_type: str
    pieces: Iterator[bytes]


def read_format(text: str) -> FileFormat:
    """One of DOCUMENT_FORMATS.

    Raises:
        InvalidInput: it is none of them.
    """
    if text not in DOCUMENT_FORMATS:
        raise InvalidInput.of_field("format", f"Choose one of {', '.join(DOCUMENT_FORMATS)}.")
    return FileFormat(text)


def write_document(
    presentation: Presentation, file_format: FileFormat, *, stem: str, facts: Mapping[str, Any]
) -> Export:
    """The tables as a file called `stem`; `facts` (what was asked, as of when) stand in a JSON document alone.

    A report without any table gives one of its figures.
    """
    tables = presentation.tables or (_tabulate_figures(presentation),)
    match file_format:
        case FileFormat.CSV if len(tables) == 1:
            return Export(f"{stem}.csv", file_format.content_type, gather_pieces(write_csv(tables[0])))
        case FileFormat.CSV:
            return Export(f"{stem}.zip", ZIP_TYPE, gather_pieces(_write_archive(tables)))
        case FileFormat.XLSX:
            return Export(f"{stem}.xlsx", file_format.content_type, iter([_write_workbook(tables)]))
        case FileFormat.JSON:
            return Export(f"{stem}.json", file_format.content_type, _write_json(presentation, tables, facts))
    raise InvalidInput.of_field("format", "Reports are not written like that.")


def write_csv(table: Table) -> Iterator[bytes]:
    """One table, line by line."""
    yield write_lines([[_name_column(heading) for heading in table.headings]])
    for row in table.rows:
        yield write_lines([row.cells])


def _write_archive(tables: Sequence[Table]) -> Iterator[bytes]:
    """The tables as CSV files of one archive, which is handed on while it is packed."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, table in enumerate(tables, start=1):
            # The date is the format's first, so that the same tables give the same bytes.
            entry = zipfile.ZipInfo(f"{number}-{_UNUSABLE_IN_NAMES.sub('-', table.key) or 'table'}.csv")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as member:
                for line in write_csv(table):
                    member.write(line)
                    yield pipe.take()
            yield pipe.take()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """What was written since somebody last took it; zipfile asks for no more than that of a target."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _write_workbook(tables: Sequence[Table]) -> bytes:
    buffer = io.BytesIO()
    with SheetWriter(buffer) as writer:
        for table in tables:
            writer.add_sheet(table.title, [_name_column(heading) for heading in table.headings], _cells(table))
    return buffer.getvalue()


def _cells(table: Table) -> Iterator[Sequence[Any]]:
    return (row.cells for row in table.rows)


def _write_json(presentation: Presentation, tables: Sequence[Table], facts: Mapping[str, Any]) -> Iterator[bytes]:
    told = [
        {
            "key": table.key,
            "title": table.title,
            "columns": [asdict(heading) for heading in table.headings],
            "rows": [
                {heading.key: cell for heading, cell in zip(table.headings, row.cells, strict=True)}
                for row in table.rows
            ],
        }
        for table in tables
    ]
    figures = [{"label": figure.label, "value": figure.value} for figure in presentation.figures]
    yield to_json({**facts, "figures": figures, "tables": told, "notes": list(presentation.notes)})


def _tabulate_figures(presentation: Presentation) -> Table:
    rows = [Row((figure.label, figure.value)) for figure in presentation.figures]
    return Table("figures", "Figures", (Heading("label", "Figure"), Heading("value", "Value")), rows)


def _name_column(heading: Heading) -> str:
    return f"{heading.label} ({heading.unit})" if heading.unit else heading.label
