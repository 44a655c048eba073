"""P6: lists of the API: by size of the table, by depth, by queries, and against a ModelSerializer."""

import json
from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer

from incidents.models import Clock, Ticket, TicketEvent
from incidents.testing.bench.events import make_policy
from incidents.testing.bench.ingest_over_http import make_token
from incidents.testing.bench.sweeping import fill
from tracker.choices import Scope
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, median, workload
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


class Reader:
    """Reads pages through the whole of Django, without a server between."""

    def __init__(self) -> None:
        self.client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {make_token(Scope.READ)}"})

    def read(self, url: str) -> dict[str, object]:
        """The decoded page."""
        response = self.client.get(url)
        if response.status_code != 200:
            raise RuntimeError(f"{url} answered {response.status_code}: {response.content[:300]!r}")
        page: dict[str, object] = json.loads(response.content)
        return page

    def time(self, url: str, times: int) -> float:
        """The median of some readings."""
        self.read(url)
        return median(time_call(lambda: self.read(url)) for _ in range(times))


@workload("P6", "API lists")
def measure(bench: Bench) -> Iterator[Finding]:
    """Pages of 100 tickets with their clocks; the history of 1,000."""
    make_policy()
    reader = Reader()
    times = bench.pick(5, 15)
    cost = {}
    for count in (1_000, bench.pick(20_000, 1_000_000)):
        fill(bench, count)
        cost[count] = reader.time(PAGE, times)
    few, many = cost
    yield at_most(f"page at {many:,} rows against {few:,}", cost[many] / cost[few], 1.2, **in_milliseconds(cost))
    first, deep = f"{PAGE}&cursor=", find_deep_cursor(reader, bench.pick(20, 200))
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


def in_milliseconds(cost: dict[str, float] | dict[int, float]) -> dict[str, str]:
    """Figures for the report."""
    return {f"{name:,}" if isinstance(name, int) else name: f"{taken * 1000:.1f} ms" for name, taken in cost.items()}


def find_deep_cursor(reader: Reader, pages: int) -> str:
    """The address of the page that many pages of 1,000 lead to, with the size of an ordinary one."""
    url = "/v1/tickets?limit=100&cursor="
    for _ in range(pages):
        following = reader.read(url)["next"]
        if not isinstance(following, str):
            break
        url = following
    return url


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
