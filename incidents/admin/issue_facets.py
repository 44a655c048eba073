"""How many issues of the list belong to each choice of its filters.

Nothing is counted beyond the 1,000 issues that changed last: one statement reads them, however many there are, and
where there are more than that the figures say "at least".
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import IntegerField, QuerySet, Value

from incidents.models import Issue

SAMPLE = 1_000
MOST_SETS = 5
COLUMNS = ("pk", "status", "severity", "priority", "project_id", "assignee_id", "reporter_id", "due_on")


@dataclass(slots=True)
class Sample:
    """The issues that changed last among those that some filters let through, counted by column."""

    rows: list[tuple[Any, ...]]
    counters: dict[str, Counter[Any]] = field(default_factory=dict)

    @property
    def is_capped(self) -> bool:
        """Whether there are more than were counted."""
        return len(self.rows) > SAMPLE

    def count(self, column: str) -> Counter[Any]:
        """How many have each value; `tag` is counted where `read_samples` was asked to."""
        if column not in self.counters:
            position = COLUMNS.index(column)
            self.counters[column] = Counter(row[position] for row in self.rows)
        return self.counters[column]

    def write(self, number: int) -> str:
        """The number as a filter shows it: "12", or "12+" where there may be more; nothing for a doubtful nought."""
        if not self.is_capped:
            return f"{number:,}"
        return f"{min(number, SAMPLE):,}+" if number else ""


def read_samples(sets: Iterable[QuerySet[Issue]]) -> list[Sample]:
    """One sample for each set of issues, all in one statement."""
    statements = [
        rows.select_related(None)
        .annotate(of_set=Value(number, output_field=IntegerField()))
        .values_list("of_set", *COLUMNS)[: SAMPLE + 1]
        for number, rows in enumerate(sets)
    ]
    found: list[list[tuple[Any, ...]]] = [[] for _ in statements]
    first, *others = statements
    for number, *row in first.union(*others, all=True) if others else first:
        found[number].append(tuple(row))
    return [Sample(rows) for rows in found]


def count_tags(sample: Sample, *, limit: int) -> None:
    """Counts the tags of a sample's issues, the most frequent `limit` of them."""
    ids = [row[0] for row in sample.rows]
    words = Issue.tags.through.objects.filter(issue_id__in=ids).values_list("tag__name", flat=True)
    sample.counters["tag"] = Counter(dict(Counter(words.order_by("tag__name")).most_common(limit)))
