"""Lists: `count, next, previous, results`, by `limit` and `offset` or by `cursor`.

`count` is exact up to 10,000; above, it is PostgreSQL's estimate. With a cursor it is null: nobody who reads a list
page by page needs it, and counting a million rows costs more than the page. `?cursor=` (empty) starts at the first row.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import connection
from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from tracker.api import cursors
from tracker.api.filters import find_ordering
from tracker.api.keyset import Keyset
from tracker.exceptions import InvalidInput

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000
MAX_OFFSET = 10_000
EXACT_COUNT = 10_000
PAGING = ("limit", "offset", "cursor")


class LimitOffsetOrCursorPagination(BasePagination):
    """The paginator of every list."""

    display_page_controls = False

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """The rows of the page asked for.

        Raises:
            InvalidInput: a parameter is out of range, or the cursor is not ours.
        """
        params = request.query_params
        default = getattr(view, "default_limit", DEFAULT_LIMIT)
        self.request = request
        self.count: int | None = None
        self.next_params: dict[str, Any] | None = None
        self.previous_params: dict[str, Any] | None = None
        self.limit = read_integer(params, "limit", default, low=1, high=MAX_LIMIT)
        self.keyset: Keyset[Any] = Keyset(queryset, find_ordering(request, view))
        if "cursor" in params:
            if "offset" in params:
                raise InvalidInput.of_field("offset", "Use either offset or cursor.")
            return self._by_cursor(params["cursor"])
        message = f"Offsets end at {MAX_OFFSET}; to read on, follow `next` or use `cursor`."
        self.offset = read_integer(params, "offset", 0, low=0, high=MAX_OFFSET, message=message)
        return self._by_offset(queryset)

    def _by_cursor(self, text: str) -> list[Any]:
        cursor = cursors.decode(self.keyset, text) if text else None
        if cursor is not None and cursor.is_backward:
            rows = self.keyset.before(self.limit + 1, cursor.position)
            has_more, rows = len(rows) > self.limit, rows[-self.limit :]
            has_next, has_previous = True, has_more
        else:
            rows = self.keyset.after(self.limit + 1, cursor.position if cursor else None)
            has_next, has_previous, rows = len(rows) > self.limit, cursor is not None, rows[: self.limit]
        if rows and has_next:
            self.next_params = {"cursor": cursors.encode(self.keyset, rows[-1], is_backward=False)}
        if rows and has_previous:
            self.previous_params = {"cursor": cursors.encode(self.keyset, rows[0], is_backward=True)}
        return rows

    def _by_offset(self, queryset: "QuerySet[Any, Any]") -> list[Any]:
        rows = self.keyset.after(self.limit + 1, offset=self.offset)
        has_next, rows = len(rows) > self.limit, rows[: self.limit]
        is_end = not has_next and (rows or self.offset == 0)
        self.count = self.offset + len(rows) if is_end else count_up_to_a_limit(queryset)
        if has_next:
            following = self.offset + self.limit
            is_reachable = following <= MAX_OFFSET
            last = None if is_reachable else cursors.encode(self.keyset, rows[-1], is_backward=False)
            self.next_params = {"offset": following} if is_reachable else {"cursor": last}
        if self.offset:
            self.previous_params = {"offset": max(0, self.offset - self.limit)}
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        """The answer."""
        return Response(
            {
                "count": self.count,
                "next": self._link(self.next_params),
                "previous": self._link(self.previous_params),
                "results": data,
            }
        )

    def _link(self, params: dict[str, Any] | None) -> str | None:
        if params is None:
            return None
        url = self.request.build_absolute_uri()
        for name in ("offset", "cursor"):
            url = remove_query_param(url, name)
        for name, value in {"limit": self.limit, **params}.items():
            url = replace_query_param(url, name, value)
        return str(url)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The answer's shape for the OpenAPI document."""
        link = {"type": ["string", "null"], "format": "uri"}
        count = {"type": ["integer", "null"], "description": "Exact up to 10000, then estimated; null with a cursor."}
        properties = {"count": count, "next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """The parameters for the OpenAPI document."""
        default = getattr(view, "default_limit", DEFAULT_LIMIT)
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": default}
        offset = {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0}
        cursor = {"type": "string", "maxLength": cursors.LONGEST}
        texts = (
            ("limit", "Rows a page.", limit),
            ("offset", "Rows to skip; beyond the maximum use `cursor`.", offset),
            ("cursor", "Taken from `next` or `previous`; empty for the first page.", cursor),
        )
        return [
            {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            for name, text, schema in texts
        ]


def read_integer(params: Any, name: str, default: int, *, low: int, high: int, message: str = "") -> int:
    """A whole number of the query string.

    Raises:
        InvalidInput: not a number, or out of range.
    """
    text: str | None = params.get(name)
    if text is None:
        return default
    # More digits than any limit has would only feed int() and its error message.
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not low <= value <= high:
        ask = f"Send a whole number from {low} to {high}."
        raise InvalidInput.of_field(name, f"{ask} {message}".strip())
    return value


def count_up_to_a_limit(queryset: "QuerySet[Any, Any]") -> int:
    """How many rows there are: exact up to EXACT_COUNT, above that what the planner expects."""
    rows: Any = queryset.order_by().values("pk")
    if not queryset.query.where and not queryset.query.distinct:
        estimate = _rows_in_table(queryset.model._meta.db_table)
        if estimate > EXACT_COUNT:
            return estimate
    counted: int = rows[: EXACT_COUNT + 1].count()
    if counted <= EXACT_COUNT:
        return counted
    plan: Sequence[Any] = orjson.loads(rows.explain(format="json"))
    return max(counted, int(plan[0]["Plan"]["Plan Rows"]))


def _rows_in_table(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [f'"{table}"'])
        row = cursor.fetchone()
    return int(row[0]) if row else -1
