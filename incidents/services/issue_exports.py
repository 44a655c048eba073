"""Issues as a table, row by row from the database to the reader."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import CharField, F, Func, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from incidents.models import Issue
from tracker import access
from tracker.access import Actor
from tracker.spreadsheets import neutralise_lines

PIECE_BYTES = 64 * 1024
MOMENT = 'YYYY-MM-DD"T"HH24:MI:SS"Z"'
HEADER = (
    "key", "title", "status", "severity", "priority", "reporter", "reporter_label", "assignee", "factory", "tags",
    "due_on", "created_at", "updated_at", "triaged_at", "done_at", "description",
)  # fmt: skip
COPY = "COPY ({query}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"


class AsText(Func):
    """A moment in RFC 3339; connections speak UTC."""

    function = "to_char"
    output_field = CharField()


def export_issues(*, actor: Actor, issues: "QuerySet[Issue]") -> Iterator[bytes]:
    """These issues as CSV; the caller has narrowed them to what the actor may export.

    PostgreSQL writes the rows, many times faster than objects could be made of them; they are passed on as they come.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, issues.export.
    """
    access.require(actor, "issues", "export")
    columns = _columns()
    rows = issues.annotate(**{f"told_{name}": column for name, column in columns.items()})
    sql, parameters = rows.values_list(*(f"told_{name}" for name in HEADER)).query.sql_with_params()
    header = (",".join(HEADER) + "\n").encode()
    return _in_pieces(chain([header], neutralise_lines(_read(sql, parameters))))


def _columns() -> dict[str, Any]:
    words = Issue.tags.through.objects.filter(issue=OuterRef("pk")).order_by("tag__name").values("tag__name")
    columns: dict[str, Any] = {name: F(name) for name in HEADER if name not in ("key", "tags")}
    columns |= {name: AsText(F(name), Value(MOMENT)) for name in HEADER if name.endswith("_at")}
    return columns | {
        "key": Concat("project__key", Value("-"), Cast("number", CharField())),
        "reporter": F("reporter__email"),
        "assignee": F("assignee__email"),
        "factory": F("factory__name"),
        "tags": Func(ArraySubquery(words), Value(", "), function="array_to_string", output_field=CharField()),
    }


def _read(sql: str, parameters: Any) -> Iterator[bytes]:
    # Django leaves psycopg's errors as they are in here, unless told.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        statement = COPY.format(query=cursor.mogrify(sql, parameters))
        with cursor.copy(statement) as copy:
            for line in copy:
                yield bytes(line)


def _in_pieces(lines: Iterator[bytes]) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += line
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)
