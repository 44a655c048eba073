"""A real web server for tests: gunicorn with our configuration, on a port of its own, over the test's database."""

import http.client
import json
import socket
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tracker.testing.processes import ChildProcess


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def ask_once(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str] | None,
) -> Answer:
    """One request, and the end of its connection."""
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class WebServer:
    """A running server."""

    port: int
    process: ChildProcess

    @property
    def host(self) -> str:
        """What stands in the Host header."""
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        """The origin of its own pages."""
        return f"http://{self.host}"

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return ask_once(connection, method, path, body, headers)

    def is_ready(self) -> bool:
        """Whether it answers at all."""
        try:
            return self.request("GET", "/health").status > 0
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def run_web_server(*arguments: str, **environment: str) -> Iterator[WebServer]:
    """Starts gunicorn with these further arguments, waits until it answers, and kills it in the end."""
    with tempfile.TemporaryDirectory() as metrics, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        process = ChildProcess(
            [sys.executable, "-m", "gunicorn", *arguments],
            **{"API_PORT": str(port), "API_HOST": "127.0.0.1", "PROMETHEUS_MULTIPROC_DIR": metrics, **environment},
        )
        server = WebServer(port, process)
        try:
            process.wait_until(server.is_ready, what="answer on /health")
            yield server
        finally:
            process.kill()
