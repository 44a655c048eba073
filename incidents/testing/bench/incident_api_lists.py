"""P6 for incidents: pages by size of the table, searches, filters, places near by, queries, and the export."""

from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from incidents.models import Incident
from incidents.testing.bench.reading import Reader, in_milliseconds
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most
from tracker.testing.bench.rounds import time_call

PAGE = "/v1/incidents?limit=100"
QUERIES = {
    "page": PAGE,
    "rare word": f"{PAGE}&search=boiler",
    "common word": f"{PAGE}&cursor=&search=common1",
    "category by time": f"{PAGE}&cursor=&category=theft&ordering=-occurred_at",
    "near by": f"{PAGE}&cursor=&near=48,11,300",
    "near by, nothing there": f"{PAGE}&cursor=&near=-48,11,300",
}
# A hundred of them lie within 300 m of one place, the others all over the country.
FILL = """
INSERT INTO incidents_incident (category_id, title, description, description_html, severity, status, enrichment,
    recovery, place, latitude, longitude, reporter_label, reporter_id, city, region, country, nearest_place, timezone,
    attributes, source, source_id, occurred_at, created_at, updated_at, done_at, search)
SELECT k.ids[1 + i %% cardinality(k.ids)], 'Incident ' || i, repeat('text ', 60), '', 'medium',
    (ARRAY['OPEN', 'TRIAGED', 'IN_PROGRESS', 'DONE', 'DONE'])[1 + i %% 5], 'ENRICHED', 'unknown', 'Gate ' || i %% 50,
    CASE WHEN i <= 100 THEN 48 + i / 1e5 ELSE 50 + (i %% 4000) / 1e3 END,
    CASE WHEN i <= 100 THEN 11 ELSE 7 + (i %% 5003) / 1e3 END, '', p.id, '', '', 'DE', '', '', '{}', '', '',
    now() - (i %% 900000 || ' seconds')::interval, now() - interval '1 day', now() - interval '1 day',
    CASE WHEN i %% 5 > 2 THEN now() END,
    to_tsvector('simple', 'word' || i %% 50000 || ' common' || i %% 2 || CASE WHEN i <= 100 THEN ' boiler' ELSE '' END)
FROM generate_series(1, %(count)s) i, (SELECT min(id) AS id FROM tracker_user) p,
    (SELECT array_agg(id ORDER BY id) AS ids FROM incidents_incidentcategory) k
"""


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    """Incidents as most applications tell them."""

    category = serializers.CharField(source="category.key")
    project = serializers.CharField(source="project.key", default=None)
    reporter = serializers.CharField(source="reporter.email", default=None)
    assignee = serializers.CharField(source="assignee.email", default=None)

    class Meta:
        model = Incident
        exclude = ["search", "description_html"]


def fill(bench: Bench, count: int) -> None:
    """`count` incidents, as a settled database has them."""
    bench.empty("incidents_incident")
    bench.execute(FILL, {"count": count})
    bench.execute("VACUUM ANALYZE incidents_incident")


def measure_incidents(bench: Bench) -> Iterator[Finding]:
    """Pages of 100 incidents at two sizes of the table; a page and an export against what is usual."""
    reader, times = Reader(), bench.pick(5, 15)
    cost: dict[str, dict[int, float]] = {name: {} for name in QUERIES}
    few, many = 1_000, bench.pick(20_000, 1_000_000)
    for count in (few, many):
        fill(bench, count)
        for name, url in QUERIES.items():
            cost[name][count] = reader.time(url, times)
    for name, taken in cost.items():
        ratio = taken[many] / taken[few]
        yield at_most(f"incidents: {name} at {many:,} rows against {few:,}", ratio, 1.2, **in_milliseconds(taken))
    with CaptureQueriesContext(connection) as queries:
        reader.read(QUERIES["common word"])
    yield at_most("incidents: queries a page", float(len(queries)), 6, unit="queries")
    yield compare_export(bench, reader)


def compare_export(bench: Bench, reader: Reader) -> Finding:
    """The same incidents: ours as CSV through the API, theirs as JSON without any request around."""
    count = 10_000
    fill(bench, count)

    def by_serializer() -> bytes:
        rows = Incident.objects.select_related("category", "project", "reporter", "assignee")
        rendered: bytes = JSONRenderer().render(IncidentSerializer(rows, many=True).data)
        return rendered

    def by_export() -> int:
        return reader.drain("/v1/incidents/export")

    by_export()
    sides = {"ours": lambda: time_call(by_export), "serializer": lambda: time_call(by_serializer)}
    seconds = alternate(sides, bench.pick(3, 5))
    ratio = seconds["serializer"] / seconds["ours"]
    return at_least(f"incidents: export of {count:,} against a ModelSerializer", ratio, 12, **in_milliseconds(seconds))
