"""P1: ingest, complete, against the bare writing of the same rows."""

import http.client
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import orjson
from django.urls import Resolver404, resolve

from incidents.api.ticket_json import describe_receipts
from incidents.intake.tickets import ingest_events
from incidents.testing.bench.events import TABLES, make_events, make_policy, pack
from incidents.testing.bench.raw_ingest import RawWriter, plan_batches
from tracker.access import Actor
from tracker.choices import Role, Scope
from tracker.models import User
from tracker.services.tokens import issue_token
from tracker.testing.bench import Bench, Finding, alternate, at_least, workload
from tracker.testing.bench.children import serve
from tracker.testing.bench.rounds import time_call

GOALS = {100: 0.55, 1_000: 0.75, 5_000: 0.82}
PATH = "/v1/tickets"


@workload("P1", "ingest over HTTP, complete (token, project, history, clocks, receipts), one sync worker")
def measure(bench: Bench) -> Iterator[Finding]:
    """Ours: HTTP from this process to gunicorn. Raw: the rows, already computed, from this process to PostgreSQL."""
    make_policy()
    with open_sender() as send, bench.raw_connection() as raw:
        writer = RawWriter(raw)
        for size, goal in GOALS.items():
            count = size * bench.pick(2, 10) if size >= 1_000 else bench.pick(1_000, 10_000)
            bodies = pack(make_events(count), size)
            bench.empty(*TABLES)
            batches = plan_batches(bodies)

            def run(write: Callable[[], object]) -> float:
                bench.empty(*TABLES)
                return time_call(write)

            sides = {
                "ours": lambda bodies=bodies: run(lambda: [send(body) for body in bodies]),
                "raw": lambda batches=batches: run(lambda: writer.write_all(batches)),
            }
            seconds = alternate(sides, bench.pick(2, 5))
            rates = {side: f"{count / taken:,.0f} events/s" for side, taken in seconds.items()}
            yield at_least(f"{size:,} a call", seconds["raw"] / seconds["ours"], goal, **rates)


@contextmanager
def open_sender() -> Iterator[Callable[[bytes], int]]:
    """A function that posts one body with a token over a kept connection to a server of its own."""
    try:
        resolve(PATH)
    except Resolver404:
        # No server has this door yet: the same work without HTTP.
        actor = Actor.system("bench")
        yield lambda body: len(orjson.dumps(describe_receipts(ingest_events(actor=actor, body=body))))
        return
    secret = make_token(Scope.INGEST)
    with serve() as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

        def send(body: bytes) -> int:
            connection.request("POST", PATH, body, headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status != 200:
                raise RuntimeError(f"{PATH} answered {response.status}: {answer[:300]!r}")
            return len(answer)

        send(b"[]")
        yield send


def make_token(*scopes: Scope) -> str:
    """A token of a maintainer made for the bench."""
    owner = User.objects.filter(email="bench@example.com").first() or User.objects.create_user(
        "bench@example.com", role=Role.MAINTAINER
    )
    wanted: Iterable[str] = [scope.value for scope in scopes]
    return issue_token(actor=Actor.system("bench"), owner=owner, name="bench", scopes=wanted)[1]
