"""Rows of the database as a file, however many: a bounded batch of them is in memory at a time."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from itertools import islice
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from reports.choices import FileFormat
from reports.exports.csv_lines import write_lines
from reports.exports.workbooks import SheetWriter
from tracker.api.renderers import to_json
from tracker.files.uploads import Upload

ROW_FORMATS = (FileFormat.CSV, FileFormat.PARQUET, FileFormat.JSONL, FileFormat.XLSX)
BATCH_ROWS = 10_000
COPY_BYTES = 64 * 1024
Batch = Sequence[Sequence[Any]]


class CellType(Enum):
    """What a column holds, and what it is in Parquet."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    DAY = "day"
    JSON = "json"


_ARROW_TYPES: Mapping[CellType, pa.DataType] = {
    CellType.TEXT: pa.string(),
    CellType.INTEGER: pa.int64(),
    CellType.NUMBER: pa.float64(),
    CellType.BOOLEAN: pa.bool_(),
    CellType.MOMENT: pa.timestamp("us", tz="UTC"),
    CellType.DAY: pa.date32(),
    CellType.JSON: pa.string(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file."""

    name: str
    type: CellType = CellType.TEXT


def write_rows(
    rows: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    *,
    file_format: FileFormat,
    upload: Upload,
    title: str,
    on_batch: Callable[[int], object] = lambda count: None,
) -> int:
    """Writes all rows to the upload; answers how many. `on_batch` hears after each batch how many there are by then,
    and may raise to stop."""
    counted = _Counted(rows, on_batch)
    writer = _WRITERS[file_format]
    writer(counted, columns, upload, title)
    return counted.count


class _Counted:
    """Rows in batches, counted as they go by."""

    def __init__(self, rows: Iterable[Sequence[Any]], on_batch: Callable[[int], object]) -> None:
        self._rows, self._on_batch, self.count = iter(rows), on_batch, 0

    def __iter__(self) -> Iterator[Batch]:
        while batch := list(islice(self._rows, BATCH_ROWS)):
            self.count += len(batch)
            yield batch
            self._on_batch(self.count)


def _write_csv(batches: Iterable[Batch], columns: Sequence[Column], upload: Upload, title: str) -> None:
    upload.append(write_lines([[column.name for column in columns]]))
    for batch in batches:
        upload.append(write_lines(batch))


def _write_json_lines(batches: Iterable[Batch], columns: Sequence[Column], upload: Upload, title: str) -> None:
    names = [column.name for column in columns]
    for batch in batches:
        upload.append(b"".join(to_json(dict(zip(names, row, strict=True))) + b"\n" for row in batch))


def _write_parquet(batches: Iterable[Batch], columns: Sequence[Column], upload: Upload, title: str) -> None:
    schema = pa.schema([(column.name, _ARROW_TYPES[column.type]) for column in columns])
    with parquet.ParquetWriter(_Sink(upload), schema, compression="zstd") as writer:
        for batch in batches:
            arrays = [
                pa.array([_plain(value, column.type) for value in values], type=field.type)
                for column, field, values in zip(columns, schema, zip(*batch, strict=True), strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _write_workbook(batches: Iterable[Batch], columns: Sequence[Column], upload: Upload, title: str) -> None:
    # Beside the upload, so that what is left of a killed process is swept with uploads that were never finished.
    target = upload.path.with_name(f"{upload.path.name}.xlsx")
    names = [column.name for column in columns]
    try:
        with SheetWriter(str(target), temporary_directory=upload.path.parent) as writer:
            writer.add_sheet(title, names, ([_for_sheet(value) for value in row] for batch in batches for row in batch))
        with target.open("rb") as book:
            while piece := book.read(COPY_BYTES):
                upload.append(piece)
    finally:
        target.unlink(missing_ok=True)


_WRITERS: Mapping[FileFormat, Callable[[Iterable[Batch], Sequence[Column], Upload, str], None]] = {
    FileFormat.CSV: _write_csv,
    FileFormat.JSONL: _write_json_lines,
    FileFormat.PARQUET: _write_parquet,
    FileFormat.XLSX: _write_workbook,
}


class _Sink(io.RawIOBase):
    """An upload as the writer of Parquet wants it: it writes forward, and asks where it is."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._upload.append(piece)
        return len(piece)

    def tell(self) -> int:
        return int(self._upload.size)


def _for_sheet(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, date):
        return value.isoformat()
    return to_json(value).decode() if isinstance(value, dict | list) else value


def _plain(value: Any, cell_type: CellType) -> Any:
    if value is None or cell_type not in (CellType.JSON, CellType.TEXT, CellType.NUMBER):
        return value
    if cell_type is CellType.NUMBER:
        return float(value)
    return value if isinstance(value, str) else to_json(value).decode()
