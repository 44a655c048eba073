"""P6: lists of the API: by size of the table, by depth, by queries, and against a ModelSerializer."""

from collections.abc import Iterator

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from incidents.models import Clock, Ticket, TicketEvent
from incidents.testing.bench.events import make_policy
from incidents.testing.bench.incident_api_lists import measure_incidents
from incidents.testing.bench.issue_api_lists import measure_issues
from incidents.testing.bench.reading import Reader, find_deep_cursor, in_milliseconds
from incidents.testing.bench.sweeping import fill
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, workload
from tracker.testing.bench.rounds import time_call

PAGE = "/v1/tickets?limit=100"
HISTORY = """
INSERT INTO incidents_ticketevent (ticket_id, fingerprint, updated_at, created_at, priority, customer_tier, status,
  received_at)
SELECT t, decode(md5(t || '.' || n), 'hex'), now() - interval '1 hour', now() - interval '2 hours', 'high', 'gold',
  'open', now() FROM generate_series(1, 1000) t, generate_series(1, 5) n
"""


class EventSerializer(serializers.ModelSerializer[TicketEvent]):
    """History as most applications tell it."""

    class Meta:
        model = TicketEvent
        fields = ["status", "priority", "customer_tier", "updated_at", "sequence", "received_at"]


class ClockSerializer(serializers.ModelSerializer[Clock]):
    """Clocks likewise."""

    class Meta:
        model = Clock
        fields = ["kind", "cycle", "state", "verdict", "target_minutes", "started_at", "stopped_at", "due_at"]


class TicketSerializer(serializers.ModelSerializer[Ticket]):
    """Tickets likewise."""

    history = EventSerializer(many=True)
    clocks = ClockSerializer(many=True)

    class Meta:
        model = Ticket
        exclude = ["search", "replay_requested_at"]


@workload("P6", "API lists")
def measure(bench: Bench) -> Iterator[Finding]:
    """Pages of 100 tickets with their clocks; the history of 1,000; then the same of issues and incidents."""
    make_policy()
    reader = Reader()
    times = bench.pick(5, 15)
    cost = {}
    for count in (1_000, bench.pick(20_000, 1_000_000)):
        fill(bench, count)
        cost[count] = reader.time(PAGE, times)
    few, many = cost
    yield at_most(f"page at {many:,} rows against {few:,}", cost[many] / cost[few], 1.2, **in_milliseconds(cost))
    first, deep = f"{PAGE}&cursor=", find_deep_cursor(reader, PAGE, bench.pick(20, 200))
    depths = alternate({"first": lambda: reader.time(first, 3), "deep": lambda: reader.time(deep, 3)}, times)
    yield at_most(
        "deep cursor page against the first", depths["deep"] / depths["first"], 1.2, **in_milliseconds(depths)
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reader.read(PAGE)
    yield at_most("queries a page", float(len(queries)), 6, unit="queries")
    yield compare_serializers(bench, reader)
    yield from measure_issues(bench)
    yield from measure_incidents(bench)


def compare_serializers(bench: Bench, reader: Reader) -> Finding:
    """1,000 tickets with history: ours through the API, theirs without any request around."""
    fill(bench, 1_000)
    bench.execute(HISTORY)

    def by_serializer() -> bytes:
        rows = Ticket.objects.prefetch_related("history", "clocks")[:1_000]
        rendered: bytes = JSONRenderer().render(TicketSerializer(rows, many=True).data)
        return rendered

    url = "/v1/tickets?limit=1000&include=history"
    reader.read(url)
    sides = {
        "ours": lambda: time_call(lambda: reader.read(url)),
        "serializer": lambda: time_call(by_serializer),
    }
    seconds = alternate(sides, bench.pick(2, 5))
    ratio = seconds["serializer"] / seconds["ours"]
    return at_least("1,000 tickets with history against a ModelSerializer", ratio, 5, **in_milliseconds(seconds))
