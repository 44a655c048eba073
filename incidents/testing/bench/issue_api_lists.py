"""P6 for issues: pages by size of the table and depth, searches, queries, and the export against a ModelSerializer."""

from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from incidents.models import Issue
from incidents.testing.bench.issue_list import fill
from incidents.testing.bench.reading import Reader, find_deep_cursor, in_milliseconds
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most
from tracker.testing.bench.rounds import time_call

PAGE = "/v1/issues?limit=100"
QUERIES = {
    "page": PAGE,
    "rare word": f"{PAGE}&search=boiler",
    "common word": f"{PAGE}&cursor=&search=common1",
    "filtered": f"{PAGE}&cursor=&status=OPEN&reporter=bench@example.com",
}


class IssueSerializer(serializers.ModelSerializer[Issue]):
    """Issues as most applications tell them."""

    project = serializers.CharField(source="project.key")
    reporter = serializers.CharField(source="reporter.email", default=None)
    assignee = serializers.CharField(source="assignee.email", default=None)
    factory = serializers.CharField(source="factory.name", default=None)
    tags: serializers.SlugRelatedField[Issue] = serializers.SlugRelatedField(
        slug_field="name", many=True, read_only=True
    )

    class Meta:
        model = Issue
        fields = [
            "id", "number", "project", "title", "description", "status", "severity", "priority", "reporter",
            "reporter_label", "assignee", "factory", "due_on", "created_at", "updated_at", "triaged_at", "done_at",
            "tags",
        ]  # fmt: skip


def measure_issues(bench: Bench) -> Iterator[Finding]:
    """Pages of 100 issues, first and deep, plain and searched; the export of many."""
    reader, times = Reader(), bench.pick(5, 15)
    cost: dict[str, dict[int, float]] = {name: {} for name in QUERIES}
    few, many = 1_000, bench.pick(20_000, 1_000_000)
    for count in (few, many):
        fill(bench, count)
        for name, url in QUERIES.items():
            cost[name][count] = reader.time(url, times)
    for name, taken in cost.items():
        yield at_most(
            f"issues: {name} at {many:,} rows against {few:,}", taken[many] / taken[few], 1.2, **in_milliseconds(taken)
        )
    first, deep = f"{PAGE}&cursor=", find_deep_cursor(reader, PAGE, bench.pick(20, 200))
    depths = alternate({"first": lambda: reader.time(first, 3), "deep": lambda: reader.time(deep, 3)}, times)
    yield at_most(
        "issues: deep cursor page against the first", depths["deep"] / depths["first"], 1.2, **in_milliseconds(depths)
    )
    with CaptureQueriesContext(connection) as queries:
        reader.read(QUERIES["common word"])
    yield at_most("issues: queries a page", float(len(queries)), 6, unit="queries")
    yield compare_export(bench, reader)


def compare_export(bench: Bench, reader: Reader) -> Finding:
    """The same issues: ours as CSV through the API, theirs as JSON without any request around."""
    count = 10_000
    fill(bench, count)

    def by_serializer() -> bytes:
        rows = Issue.objects.select_related("project", "reporter", "assignee", "factory").prefetch_related("tags")
        rendered: bytes = JSONRenderer().render(IssueSerializer(rows, many=True).data)
        return rendered

    def by_export() -> int:
        return reader.drain("/v1/issues/export")

    by_export()
    sides = {"ours": lambda: time_call(by_export), "serializer": lambda: time_call(by_serializer)}
    seconds = alternate(sides, bench.pick(3, 5))
    ratio = seconds["serializer"] / seconds["ours"]
    return at_least(f"issues: export of {count:,} against a ModelSerializer", ratio, 12, **in_milliseconds(seconds))
