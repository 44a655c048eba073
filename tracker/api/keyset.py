"""Pages by position instead of by number: each costs the same, however deep, and rows that come or go do not shift it.

Rows stand in a total order (the primary key decides ties). NULL comes last whichever way a column is sorted. A first
column that may be NULL is read in two phases, rows with a value and rows without, so that each phase can use an index
(a partial one too) from the row where the last page ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, F, Field, Func, Model, Q, QuerySet, Value
from django.db.models.expressions import OrderBy

M = TypeVar("M", bound=Model)
Position = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an order."""

    name: str
    is_descending: bool
    is_nullable: bool
    field: "Field[Any, Any]"

    def turned(self) -> "Column":
        """The same column the other way round."""
        return replace(self, is_descending=not self.is_descending)

    def order_by(self, *, is_backward: bool) -> OrderBy:
        """The column in ORDER BY; NULL last, or first when reading backward."""
        nulls: dict[str, Any] = {}
        if self.is_nullable:
            nulls = {"nulls_first": True} if is_backward else {"nulls_last": True}
        return F(self.name).desc(**nulls) if self.is_descending else F(self.name).asc(**nulls)


class RowComparison(Func):
    """`(a, b) > (1, 2)`: the form of a position that an index on (a, b) answers directly."""

    def __init__(self, columns: Sequence[F], values: Sequence[Value], operator: str, **extra: Any) -> None:
        super().__init__(*columns, *values, output_field=BooleanField(), **extra)
        self.operator = operator

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """SQL and parameters."""
        parts, parameters = [], []
        for expression in self.get_source_expressions():
            sql, values = compiler.compile(expression)
            parts.append(sql)
            parameters.extend(values)
        half = len(parts) // 2
        return f"(({', '.join(parts[:half])}) {self.operator} ({', '.join(parts[half:])}))", parameters


class Keyset(Generic[M]):
    """A queryset in a total order, read page by page."""

    def __init__(self, queryset: "QuerySet[M, Any]", ordering: Sequence[str]) -> None:
        self._queryset = queryset
        names = [name for name in ordering if name.lstrip("-") not in ("pk", queryset.model._meta.pk.name)]
        ties = next((name for name in ordering if name not in names), None)
        last = ties or ("-pk" if names and names[-1].startswith("-") else "pk")
        primary_key = queryset.model._meta.pk.name
        spelled = [*names, f"-{primary_key}" if last.startswith("-") else primary_key]
        self.columns = [self._column(name) for name in spelled]

    def _column(self, spelled: str) -> Column:
        name = spelled.lstrip("-")
        field, is_nullable = _resolve(self._queryset, name)
        return Column(name, spelled.startswith("-"), is_nullable, field)

    def position_of(self, row: Any) -> Position:
        """Where a row (a model instance or a dict of values) stands."""
        return tuple(_read(row, column.name) for column in self.columns)

    def parse(self, values: Sequence[Any]) -> Position:
        """A position from its JSON form.

        Raises:
            ValidationError, TypeError, ValueError: these values are no position of this order.
        """
        if len(values) != len(self.columns):
            raise ValueError("Wrong number of columns.")
        return tuple(
            None if value is None and column.is_nullable else _present(column.field.to_python(value))
            for column, value in zip(self.columns, values, strict=True)
        )

    def after(self, limit: int, position: Position | None = None, *, offset: int = 0) -> list[Any]:
        """Up to `limit` rows behind `position` (or from the start, `offset` rows on)."""
        return self._rows(limit, position, offset, is_backward=False)

    def before(self, limit: int, position: Position | None = None) -> list[Any]:
        """Up to `limit` rows in front of `position` (or the last ones), in the order of the list."""
        return self._rows(limit, position, 0, is_backward=True)[::-1]

    def _rows(self, limit: int, position: Position | None, offset: int, *, is_backward: bool) -> list[Any]:
        rows: list[Any] = []
        for is_null in self._phases(position, is_backward=is_backward):
            wanted = limit - len(rows)
            queryset = self._phase(is_null, position, is_backward=is_backward)
            found = list(queryset[offset : offset + wanted])
            rows += found
            if len(rows) >= limit:
                break
            offset = 0 if found or not offset else max(0, offset - queryset.count())
            position = None
        return rows

    def _phases(self, position: Position | None, *, is_backward: bool) -> list[bool | None]:
        if not self.columns[0].is_nullable:
            return [None]
        phases: list[bool | None] = [True, False] if is_backward else [False, True]
        return phases if position is None else phases[phases.index(position[0] is None) :]

    def _phase(self, is_null: bool | None, position: Position | None, *, is_backward: bool) -> "QuerySet[M, Any]":
        queryset, columns, skipped = self._queryset, self.columns, 0
        if is_null is not None:
            queryset = queryset.filter(**{f"{columns[0].name}__isnull": is_null})
            skipped = 1 if is_null else 0
            columns = columns[1:] if is_null else [replace(columns[0], is_nullable=False), *columns[1:]]
        if is_backward:
            columns = [column.turned() for column in columns]
        if position is not None:
            queryset = queryset.filter(_beyond(columns, position[skipped:], is_backward=is_backward))
        return queryset.order_by(*(column.order_by(is_backward=is_backward) for column in columns))


def _beyond(columns: Sequence[Column], position: Position, *, is_backward: bool) -> Any:
    is_uniform = len({column.is_descending for column in columns}) == 1
    if is_uniform and not any(column.is_nullable for column in columns):
        values = [Value(value, output_field=column.field) for column, value in zip(columns, position, strict=True)]
        operator = "<" if columns[0].is_descending else ">"
        return RowComparison([F(column.name) for column in columns], values, operator)
    result, equal = Q(pk__in=[]), Q()
    for column, value in zip(columns, position, strict=True):
        step = _step(column, value, is_backward=is_backward)
        if step is not None:
            result |= equal & step
        equal &= Q(**{f"{column.name}__isnull": True}) if value is None else Q(**{column.name: value})
    return result


def _step(column: Column, value: Any, *, is_backward: bool) -> Q | None:
    """What stands behind `value` in one column; None where nothing can."""
    is_null = Q(**{f"{column.name}__isnull": True})
    if value is None:
        return ~is_null if is_backward else None
    step = Q(**{f"{column.name}__{'lt' if column.is_descending else 'gt'}": value})
    return step | is_null if column.is_nullable and not is_backward else step


def _resolve(queryset: "QuerySet[Any, Any]", name: str) -> tuple["Field[Any, Any]", bool]:
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field, True
    model, field, is_nullable = queryset.model, None, False
    for part in name.split("__"):
        field = model._meta.get_field(part)
        is_nullable = is_nullable or bool(getattr(field, "null", True))
        model = field.related_model or model
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field, is_nullable


def _read(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part) if row is not None else None
    return row.pk if isinstance(row, Model) else row


def _present(value: Any) -> Any:
    if value is None:
        raise ValueError("This column is never NULL.")
    return value
