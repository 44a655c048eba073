"""How many rows of a list belong to each choice of its filters.

Nothing is counted beyond the 1,000 rows that changed last: one statement reads and counts them, however many there
are, and where there are more than that the figures say "at least".
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, QuerySet, Value
from django.http import HttpRequest

from tracker.admin.base import AccessAdmin, M
from tracker.admin.filters import ChoiceFilter
from tracker.admin.paging import CappedPaginator

SAMPLE = 1_000
MOST_SETS = 4
FOUND_LIMIT = 20
# Each set of rows that is counted, one after the other; what holds them is read once and counted by every column.
COUNT = """
WITH counted (of_set, id, :names) AS MATERIALIZED (:sets)
SELECT of_set, 'total', NULL, count(*) FROM counted GROUP BY of_set
:columns
"""
BY_COLUMN = "UNION ALL SELECT of_set, ':name', :name::text, count(*) FROM counted GROUP BY of_set, :name"


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted of a table: the rows by each of its `columns`, and what `more` makes of these and of `also`."""

    columns: Sequence[str]
    also: Sequence[str] = ()
    more: str = ""

    @property
    def names(self) -> list[str]:
        """Every column that is read."""
        return [*self.columns, *self.also]

    @property
    def statement(self) -> str:
        """The counting of what stands for `:sets`."""
        columns = "\n".join(BY_COLUMN.replace(":name", name) for name in self.columns)
        return COUNT.replace(":names", ", ".join(self.names)).replace(":columns", columns) + self.more


@dataclass(slots=True)
class Sample:
    """The rows that changed last among those that some filters let through, counted by column.

    The values are texts; nobody's and nothing's is None.
    """

    total: int = 0
    counters: dict[str, Counter[str | None]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def is_capped(self) -> bool:
        """Whether there are more than were counted."""
        return self.total > SAMPLE

    def write(self, number: int) -> str:
        """The number as a filter shows it: "12", or "12+" where there may be more; nothing for a doubtful nought."""
        if not self.is_capped:
            return f"{number:,}"
        return f"{min(number, SAMPLE):,}+" if number else ""


def count_facets(counting: Counting, sets: Iterable[QuerySet[Any]], values: Sequence[Any] = ()) -> list[Sample]:
    """One sample for each set of rows, in one statement; `values` are those of the counting's own SQL."""
    samples: list[Sample] = []
    statements: list[str] = []
    parameters: list[Any] = []
    for place, rows in enumerate(sets):
        samples.append(Sample())
        rows = rows.select_related(None).annotate(of_set=Value(place, output_field=IntegerField()))
        with suppress(EmptyResultSet):
            picked = rows.values_list("of_set", "pk", *counting.names)[: SAMPLE + 1]
            sql, own = picked.query.sql_with_params()
            statements.append(f"({sql})")
            parameters += own
    if not statements:
        return samples
    with connection.cursor() as cursor:
        cursor.execute(counting.statement.replace(":sets", " UNION ALL ".join(statements)), (*parameters, *values))
        for place, column, value, number in cursor.fetchall():
            if column == "total":
                samples[place].total = number
            else:
                samples[place].counters[column][value] = number
    return samples


def count_totals(sets: Iterable[QuerySet[Any]]) -> list[Sample]:
    """A sample of each set of rows that knows its number alone: no row is read where an index holds them."""
    parts: list[str] = []
    parameters: list[Any] = []
    for rows in sets:
        try:
            sql, own = rows.order_by().values("pk")[: SAMPLE + 1].query.sql_with_params()
        except EmptyResultSet:
            sql, own = "SELECT 1 WHERE false", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) s)")  # noqa: S608  made of querysets alone
        parameters += own
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)
        return [Sample(number) for number in cursor.fetchone() or ()]


class FacetFilter(ChoiceFilter):
    """A filter that says how many rows each choice would show; `column` is what it counts."""

    column: ClassVar[str] = ""
    # What the list read of the rows that the other filters let through; the list sets it.
    sample: Sample | None = None

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        """None of its own."""
        return []

    def has_output(self) -> bool:
        """Always shown."""
        return True

    def count(self, sample: Sample) -> dict[str, int]:
        """The number of rows per choice."""
        return {value: number for value, number in sample.counters[self.column].items() if value is not None}

    def most_frequent(self) -> list[str]:
        """The values that most of the counted rows have."""
        counts = self.count(self.sample) if self.sample else {}
        return sorted(counts, key=lambda value: (-counts[value], value))[:FOUND_LIMIT]

    def listed(self) -> list[tuple[str, str]]:
        """The choices as they are shown."""
        return [(str(key), str(words)) for key, words in self.lookup_choices]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The links with their figures."""
        counts = self.count(self.sample) if self.sample else {}
        if not self.default:
            query = changelist.get_query_string(remove=[str(self.parameter_name)])
            yield {"selected": self.value() is None, "query_string": query, "display": "All"}
        for key, words in self.listed():
            yield {
                "selected": self.value() == key,
                "query_string": changelist.get_query_string({str(self.parameter_name): key}),
                "display": words,
                "is_default": key == self.default,
                "count": self.sample.write(counts.get(key, 0)) if self.sample else "",
            }


class ColumnFilter(FacetFilter):
    """A filter by the words of one column; `options` are these, with their labels."""

    options: ClassVar[Sequence[tuple[str, str]]]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        """The words."""
        return [(str(key), str(words)) for key, words in self.options]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with that word."""
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class CountedList(ChangeList):
    """A page of rows with the figures of its filters."""

    model_admin: Any

    def get_results(self, request: HttpRequest) -> None:
        """What the filters would show, then the page."""
        specs = [spec for spec in self.filter_specs if isinstance(spec, FacetFilter)]
        # A filter that is set counts what the others let through; one that is not counts what is shown.
        chosen = [spec for spec in specs if spec.value()][: MOST_SETS - 1]
        ordering = self.queryset.query.order_by
        sets = [self.queryset, *(self._let_through(request, spec).order_by(*ordering) for spec in chosen)]
        samples = self.model_admin.count_choices(sets, chosen)
        places = {spec: place for place, spec in enumerate(chosen, start=1)}
        for spec in specs:
            is_counted = spec in places or not spec.value()
            spec.sample = samples[places.get(spec, 0)] if is_counted else None
        request.counted_rows = samples[0].total  # type: ignore[attr-defined]
        super().get_results(request)

    def _let_through(self, request: HttpRequest, left_out: FacetFilter) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.root_queryset
        for spec in self.filter_specs:
            let_through = spec.queryset(request, rows) if spec is not left_out else None
            rows = rows if let_through is None else let_through
        return self.model_admin.get_search_results(request, rows, self.query)[0]


class CountedPage(AccessAdmin[M]):
    """A list whose filters say how many rows they would show."""

    def count_choices(self, sets: Sequence[QuerySet[M]], chosen: Sequence[FacetFilter]) -> list[Sample]:
        """A sample of what is shown, then one for each of the `chosen` filters: what the others let through."""
        raise NotImplementedError

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list with figures."""
        return CountedList

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        """Counts once more only where there are many: a search reads every row that it counts, so it leaves off."""
        paginator = CappedPaginator(queryset, per_page, *args, **kwargs)
        total = getattr(request, "counted_rows", None)
        is_search = bool(request.GET.get("q", "").strip())
        if total is not None and (total <= SAMPLE or is_search):
            paginator.cap, paginator._counted = SAMPLE, total
        return paginator
