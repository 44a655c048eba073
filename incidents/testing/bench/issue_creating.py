"""P15: reporting an issue over HTTP, complete, against a bare view that does one INSERT."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from incidents.testing.bench.ingest_over_http import make_token
from incidents.testing.bench.issue_list import fill
from tracker.choices import Scope
from tracker.models import Project
from tracker.testing.bench import Bench, Finding, alternate, at_least, workload
from tracker.testing.bench.children import serve
from tracker.testing.bench.rounds import time_call

THREADS = ("--no-control-socket", "-k", "gthread", "--threads", "4", "--keep-alive", "60")
TEXT = "The lamp over **gate 4** is broken.\n\n* since Monday\n* second time this year\n"


@workload("P15", "an issue reported over HTTP, complete, against a bare DRF view that does one INSERT")
def measure(bench: Bench) -> Iterator[Finding]:
    """Ours: token, limits, project's number, Markdown, words for the search, stay, log line. Theirs: a row."""
    token = make_token(Scope.ISSUES)
    fill(bench, 1_000)
    # Far above what the other side counts.
    Project.objects.update(last_issue_number=1_000_000_000)
    project = Project.objects.order_by("pk").first()
    if project is None:
        raise RuntimeError("There is no project.")
    body = {"title": "Lamp broken", "description": TEXT}
    ours_body = json.dumps({**body, "project": project.key}).encode()
    bare_body = json.dumps({**body, "project": project.pk}).encode()
    requests = bench.pick(150, 600)
    with (
        open_door("/v1/issues", {"Authorization": f"Bearer {token}"}, "tracker.wsgi") as ours,
        open_door("/issues", {}, "incidents.testing.bench.bare_create") as bare,
    ):
        sides = {
            "ours": lambda: time_call(lambda: [ours(ours_body) for _ in range(requests)]),
            "bare": lambda: time_call(lambda: [bare(bare_body) for _ in range(requests)]),
        }
        for side in sides.values():
            side()
        seconds = alternate(sides, bench.pick(3, 7))
    rates = {side: f"{requests / taken:,.0f}/s" for side, taken in seconds.items()}
    yield at_least("create, ours / bare", seconds["bare"] / seconds["ours"], 0.5, **rates)


@contextmanager
def open_door(path: str, headers: dict[str, str], application: str) -> Iterator[Callable[[bytes], None]]:
    """A function that posts one body over a kept connection to a server of its own."""
    with serve(*THREADS, application=application) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def send(body: bytes) -> None:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 201:
                raise RuntimeError(f"{path} answered {answer.status}: {content[:300]!r}")

        yield send
        connection.close()
