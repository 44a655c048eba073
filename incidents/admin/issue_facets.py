"""How many issues of the list belong to each choice of its filters.

Nothing is counted beyond the 1,000 issues that changed last: one statement reads and counts them, however many there
are, and where there are more than that the figures say "at least".
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, ClassVar

from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, QuerySet, Value
from django.http import HttpRequest

from incidents.choices import IssueStatus
from incidents.models import Issue
from tracker.admin.filters import ChoiceFilter

SAMPLE = 1_000
MOST_SETS = 4
FOUND_LIMIT = 20
WEEK_DAYS = 7
COLUMNS = ("status", "severity", "priority", "project_id", "assignee_id", "reporter_id")
# Each set of issues that is counted, one after the other; what holds them is read once and counted by every column.
COUNT = """
WITH counted (of_set, id, status, severity, priority, project_id, assignee_id, reporter_id, due_on)
  AS MATERIALIZED (:sets)
SELECT of_set, 'total', NULL, count(*) FROM counted GROUP BY of_set
:columns
UNION ALL
SELECT of_set, 'due', CASE WHEN due_on IS NULL THEN 'none' WHEN due_on < %s AND status <> %s THEN 'overdue'
         WHEN due_on >= %s AND due_on < %s THEN 'week' ELSE 'other' END, count(*) FROM counted GROUP BY 1, 3
UNION ALL
SELECT of_set, 'tag', t.name, count(*) FROM counted JOIN incidents_issue_tags g ON g.issue_id = counted.id
  JOIN incidents_tag t ON t.id = g.tag_id WHERE of_set = %s GROUP BY of_set, t.name
"""
BY_COLUMN = "UNION ALL SELECT of_set, ':name', :name::text, count(*) FROM counted GROUP BY of_set, :name"
COUNT = COUNT.replace(":columns", "\n".join(BY_COLUMN.replace(":name", name) for name in COLUMNS))


@dataclass(slots=True)
class Sample:
    """The issues that changed last among those that some filters let through, counted by column.

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


def count_facets(sets: Iterable[QuerySet[Issue]], *, today: date, tags_of: int = 0) -> list[Sample]:
    """One sample for each set of issues, in one statement; tags are counted in the set at the place `tags_of`."""
    samples: list[Sample] = []
    statements: list[str] = []
    values: list[Any] = []
    for place, rows in enumerate(sets):
        samples.append(Sample())
        rows = rows.select_related(None).annotate(of_set=Value(place, output_field=IntegerField()))
        with suppress(EmptyResultSet):
            sql, parameters = rows.values_list("of_set", "pk", *COLUMNS, "due_on")[: SAMPLE + 1].query.sql_with_params()
            statements.append(f"({sql})")
            values += parameters
    if not statements:
        return samples
    due = (today, IssueStatus.DONE.value, today, today + timedelta(days=WEEK_DAYS))
    with connection.cursor() as cursor:
        cursor.execute(COUNT.replace(":sets", " UNION ALL ".join(statements)), (*values, *due, tags_of))
        for place, column, value, number in cursor.fetchall():
            if column == "total":
                samples[place].total = number
            else:
                samples[place].counters[column][value] = number
    return samples


class FacetFilter(ChoiceFilter):
    """A filter that says how many issues each choice would show; `column` is what it counts."""

    column: ClassVar[str] = ""
    # What the list read of the issues that the other filters let through; the list sets it.
    sample: Sample | None = None

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Issue]) -> Iterable[tuple[str, str]]:
        """None of its own."""
        return []

    def has_output(self) -> bool:
        """Always shown."""
        return True

    def count(self, sample: Sample) -> dict[str, int]:
        """The number of issues per choice."""
        return {value: number for value, number in sample.counters[self.column].items() if value is not None}

    def most_frequent(self) -> list[str]:
        """The values that most of the counted issues have."""
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
