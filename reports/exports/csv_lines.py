"""Lines of CSV: numbers bare, texts quoted and harmless, moments in RFC 3339, None an empty cell."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from tracker.api.renderers import to_json
from tracker.spreadsheets import neutralise


class _Empty(float):
    """What the writer of CSV takes for a number, and writes as nothing."""

    def __repr__(self) -> str:
        return ""

    __str__ = __repr__


_EMPTY = _Empty()


def write_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """These rows as text."""
    buffer = io.StringIO()
    # Quoted whatever is in it: a bare carriage return would end the line for some programs.
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([[_spell(cell) for cell in row] for row in rows])
    return buffer.getvalue().encode("utf-8", "replace")


def _spell(cell: Any) -> Any:
    match cell:
        case str():
            return neutralise(cell)
        case None:
            return _EMPTY
        case bool():
            return "true" if cell else "false"
        case int() | float():
            return cell
        case datetime():
            return f"{cell.astimezone(UTC).isoformat()[:-6]}Z"
        case date():
            return cell.isoformat()
    return neutralise(to_json(cell).decode())
