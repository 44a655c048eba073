"""Stubs of what collects errors and traces: they take what comes by HTTP and read it by the true protocols."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(slots=True)
class Collector:
    """What came so far, as (path, body)."""

    port: int = 0
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def dsn(self) -> str:
        """Where errors are sent to, as Sentry spells it."""
        return f"http://key@127.0.0.1:{self.port}/7"

    @property
    def endpoint(self) -> str:
        """Where traces are sent to."""
        return f"http://127.0.0.1:{self.port}"

    def events(self) -> list[dict[str, Any]]:
        """The errors: each envelope is a line about itself, then a line about each item and the item."""
        found = []
        for path, body in list(self.bodies):
            if path != "/api/7/envelope/":
                continue
            lines = body.split(b"\n")
            for head, item in zip(lines[1::2], lines[2::2], strict=False):
                if json.loads(head)["type"] == "event":
                    found.append(json.loads(item))
        return found

    def spans(self) -> list[tuple[str, Span]]:
        """The spans with the name of the service that made them."""
        found = []
        for path, body in list(self.bodies):
            if path != "/v1/traces":
                continue
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                found += [(names["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
        return found

    def text(self) -> str:
        """All that came, to look for what must not be there."""
        return "\n".join(body.decode("utf-8", errors="replace") for _, body in list(self.bodies))


@contextmanager
def run_collector() -> Iterator[Collector]:
    """Listens on a free port for as long as the block runs."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_packed = self.headers.get("Content-Encoding") == "gzip"
            collector.bodies.append((self.path, gzip.decompress(body) if is_packed else body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
