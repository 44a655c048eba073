"""Tables as CSV, row by row from the database to the reader.

PostgreSQL writes the rows, many times faster than objects could be made of them; they are passed on as they come.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, F, Func, QuerySet, Value

from tracker.pieces import gather_pieces
from tracker.spreadsheets import neutralise_lines

MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
COPY = "COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"


class AsText(Func):
    """A moment in RFC 3339; connections speak UTC."""

    function = "to_char"
    output_field = CharField()


def stream_table(rows: "QuerySet[Any]", header: Sequence[str], columns: Mapping[str, Any]) -> Iterator[bytes]:
    """These rows as CSV under `header`: `columns` says what a name stands for, where it is no column of the row.

    Text that a spreadsheet would calculate gets a quote in front.
    """
    told = {name: _as_text(name) for name in header} | dict(columns)
    rows = rows.annotate(**{f"told_{name}": told[name] for name in header})
    first = (",".join(header) + "\n").encode()
    try:
        sql, parameters = rows.values_list(*(f"told_{name}" for name in header)).query.sql_with_params()
    except EmptyResultSet:
        # Filters that let nothing through need no statement, and have none.
        return iter([first])
    return gather_pieces(chain([first], neutralise_lines(_read(sql, parameters))))


def _as_text(name: str) -> Any:
    return AsText(F(name), Value(MOMENT)) if name.endswith("_at") else F(name)


def _read(sql: str, parameters: Any) -> Iterator[bytes]:
    # Django leaves psycopg's errors as they are in here, unless told.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        statement = COPY.format(query=cursor.mogrify(sql, parameters))
        with cursor.copy(statement) as copy:
            for line in copy:
                yield bytes(line)
