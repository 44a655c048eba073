"""Clients at work: so many requests a second, reads and writes, on connections that are kept open."""

import http.client
import itertools
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Body = Callable[[int], Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a body makes it a POST, made from its number."""

    path: str
    body: Body | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for request `number`; status 0 where nothing did, and then why."""

    number: int
    request: Request
    status: int
    began: float
    seconds: float
    text: str
    retry_after: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether whoever sent it would notice."""
        return not 200 <= self.status < 300


@dataclass(slots=True)
class Load:
    """Sends `requests` in turn, `per_second` of them whatever the answers take, until the `with` block ends.

    A kept connection that ends before the first byte of an answer tells nothing of the request: as HTTP has it, and as
    browsers do, it is sent once more on a new connection. Writes carry an Idempotency-Key. `sent_again` counts these.
    """

    port: int
    token: str
    requests: Sequence[Request]
    per_second: float = 100.0
    connections: int = 16
    outcomes: list[Outcome] = field(default_factory=list)
    sent_again: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _numbers: Any = None
    _began: float = 0.0

    def __enter__(self) -> "Load":
        self._numbers, self._began = itertools.count(), time.monotonic()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(self.connections)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout=90)

    def failed(self) -> list[Outcome]:
        """What somebody would have noticed."""
        return [outcome for outcome in list(self.outcomes) if outcome.is_failed]

    def describe(self) -> str:
        """The figures in one line."""
        outcomes = list(self.outcomes)
        lengths = sorted(outcome.seconds for outcome in outcomes) or [0.0]
        span = max((outcome.began + outcome.seconds for outcome in outcomes), default=0.0) - self._began
        wrong = Counter((outcome.status, outcome.text[:80]) for outcome in outcomes if outcome.is_failed)
        return (
            f"{len(outcomes)} requests, {len(outcomes) / max(span, 0.001):.0f}/s, {wrong.total()} failed "
            f"{dict(wrong) or ''}, {self.sent_again} sent again, p50 {lengths[len(lengths) // 2] * 1000:.0f} ms, "
            f"p99 {lengths[len(lengths) * 99 // 100] * 1000:.0f} ms, longest {lengths[-1]:.1f} s"
        )

    def _run(self) -> None:
        client = _Client(self.port, self.token)
        while not self._stopping.is_set():
            number = next(self._numbers)
            wait = self._began + number / self.per_second - time.monotonic()
            if wait > 0 and self._stopping.wait(wait):
                break
            request = self.requests[number % len(self.requests)]
            began = time.monotonic()
            status, text, retry_after, times = client.ask(request, number)
            self.sent_again += times - 1
            outcome = Outcome(number, request, status, began, time.monotonic() - began, text, retry_after)
            self.outcomes.append(outcome)
        client.close()


class _Client:
    """One connection that is kept for as long as the other side keeps it."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, request: Request, number: int) -> tuple[int, str, str, int]:
        """Status, text of a refusal, Retry-After, and how often it was sent."""
        key = {"Idempotency-Key": str(uuid.uuid4())} if request.body else {}
        body = json.dumps(request.body(number)) if request.body else None
        for times in (1, 2):
            is_kept = self._connection.sock is not None
            try:
                self._connection.request("POST" if body else "GET", request.path, body, self._headers | key)
                response = self._connection.getresponse()
                content = response.read()
                text = "" if response.status < 300 else content[:300].decode("utf-8", "replace")
                return response.status, text, response.getheader("Retry-After", ""), times
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                self._connection.close()
                if times == 2 or not is_kept:
                    return 0, type(error).__name__, "", times
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                return 0, f"{type(error).__name__}: {error}", "", times
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()
