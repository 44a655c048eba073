"""A stub that speaks Slack's incoming webhook protocol and takes any other webhook: for tests, `make run` and compose.

The last part of the path says how it behaves: `/slack/ok`, `/webhook/500`, `/webhook/hang`, `/slack/429?after=7`,
`/webhook/flaky?until=3` (fails that often, then works), `/webhook/slow?seconds=0.5`, `drip`, `reset`,
`redirect?to=…`. `GET /` shows what came, `GET /requests.json` says it to programs. Standard library only; it
remembers the last 1,000 requests.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from incidents.testing.receiver_page import render_page
from tracker.testing.servers import BackgroundServer, reset

REMEMBERED = 1000
MAX_HEADER_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
HANG_SECONDS = 3600
MOST_SLOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as it came; `answered` is the status sent back, 0 where none was."""

    at: str
    method: str
    path: str
    headers: dict[str, str]
    body: str
    answered: int

    @property
    def idempotency_key(self) -> str:
        """What a receiver would recognise a repeated delivery by."""
        return self.headers.get("idempotency-key", "")

    @property
    def received_at(self) -> datetime:
        """When it came, aware."""
        return datetime.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back."""

    status: int
    body: str = "ok"
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/plain; charset=utf-8"

    def encode(self) -> bytes:
        """The answer as bytes on the wire; the connection stays open."""
        body = self.body.encode()
        lines = [f"HTTP/1.1 {self.status} Stub", f"Content-Type: {self.content_type}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


class Receiver:
    """The stub's memory and manners; `override` changes the behaviour of a path while it runs."""

    def __init__(self) -> None:
        self.requests: deque[ReceivedRequest] = deque(maxlen=REMEMBERED)
        self.override: dict[str, str] = {}
        self._calls: Counter[str] = Counter()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Like `handle`, for a server that does not close what the peer has broken off."""
        try:
            await self.handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection until the peer leaves."""
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if len(head) > MAX_HEADER_BYTES:
                return
            request_line, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = request_line.split(" ", 2)
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length") or 0)
            if length > MAX_BODY_BYTES:
                writer.write(Answer(413, "too large").encode())
                return
            body = (await reader.readexactly(length)).decode("utf-8", "replace")
            headers.pop("", None)
            await self._respond(method, target, headers, body, writer)
            await writer.drain()

    async def _respond(
        self, method: str, target: str, headers: dict[str, str], body: str, writer: asyncio.StreamWriter
    ) -> None:
        path = urlsplit(target).path
        if method in {"GET", "HEAD"}:
            writer.write(self._show(path).encode())
            return
        self._calls[path] += 1
        behaviour = self.override.get(path) or path.rpartition("/")[2]
        query = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}
        answer = self._answer(path, behaviour, query, headers, body)
        moment = datetime.now(UTC).isoformat()
        self.requests.append(
            ReceivedRequest(moment, method, target, headers, body, answer.status if answer is not None else 0)
        )
        if answer is not None:
            if behaviour == "slow":
                await asyncio.sleep(min(float(query.get("seconds", "1")), MOST_SLOW_SECONDS))
            writer.write(answer.encode())
        elif behaviour == "reset":
            reset(writer)
            raise ConnectionResetError
        else:
            await _stall(behaviour, writer)

    def _answer(
        self, path: str, behaviour: str, query: Mapping[str, str], headers: Mapping[str, str], body: str
    ) -> Answer | None:
        """The answer, or None where the behaviour is not to give one."""
        if behaviour in {"hang", "drip", "reset"}:
            return None
        if behaviour == "redirect":
            return Answer(302, "", (("Location", query.get("to", "http://169.254.169.254/")),))
        if behaviour == "flaky":
            behaviour = "500" if self._calls[path] <= int(query.get("until", "3")) else "ok"
        if behaviour.isdigit() and behaviour != "200":
            wait = (("Retry-After", query.get("after", "1")),) if behaviour == "429" else ()
            return Answer(int(behaviour), SLACK_ERRORS.get(int(behaviour), "error"), wait)
        return _judge_slack(body, headers) if path.startswith("/slack") else Answer(200)

    def _show(self, path: str) -> Answer:
        requests = [asdict(request) for request in self.requests]
        if path == "/requests.json":
            return Answer(200, json.dumps({"requests": requests}), content_type="application/json")
        if path == "/":
            return Answer(200, render_page(requests[::-1][:50]), content_type="text/html; charset=utf-8")
        return Answer(200, "ok") if path == "/health" else Answer(404, "not found")


# What Slack's documentation lists as answers of an incoming webhook.
SLACK_ERRORS = {403: "action_prohibited", 404: "no_service", 410: "channel_is_archived", 429: "rate_limited"}


def _judge_slack(body: str, headers: Mapping[str, str]) -> Answer:
    try:
        payload = json.loads(body)
    except ValueError:
        return Answer(400, "invalid_payload")
    if not isinstance(payload, dict) or not headers.get("content-type", "").startswith("application/json"):
        return Answer(400, "invalid_payload")
    attached = [part.get("blocks", []) for part in payload.get("attachments", []) if isinstance(part, dict)]
    if not payload.get("text") and not payload.get("blocks") and not any(attached):
        return Answer(400, "no_text")
    return (
        Answer(200, "ok") if all(_fits(block) for part in attached for block in part) else Answer(400, "invalid_blocks")
    )


def _fits(block: Mapping[str, object]) -> bool:
    """Slack's limits: 150 characters in a header, 3,000 in a section's text, 2,000 in each of at most ten fields."""
    text, fields = block.get("text") or {}, block.get("fields") or []
    if not isinstance(text, dict) or not isinstance(fields, list) or len(fields) > 10:
        return False
    limit = 150 if block.get("type") == "header" else 3000
    return len(str(text.get("text", ""))) <= limit and all(len(str(field.get("text", ""))) <= 2000 for field in fields)


async def _stall(behaviour: str, writer: asyncio.StreamWriter) -> None:
    """Never finishes: says nothing, or a byte of an endless header every tenth of a second."""
    if behaviour == "drip":
        writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(HANG_SECONDS * 10):
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.1)
    await asyncio.sleep(HANG_SECONDS)


class RunningReceiver(Receiver):
    """A receiver that listens while its `with` block runs; `url("/slack/ok")` is where to send to."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__()
        self.server = BackgroundServer(self.handle, host=host, port=port)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.__exit__(kind, error, trace)

    def url(self, path: str) -> str:
        """The full address of a path."""
        return f"http://{self.server.address}{path}"

    def sent_to(self, path: str) -> list[ReceivedRequest]:
        """The remembered requests whose path (without query) is `path`, oldest first."""
        return [request for request in list(self.requests) if urlsplit(request.path).path == path]
