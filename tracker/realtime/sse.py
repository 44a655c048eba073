"""Server-Sent Events, from request to end, on plain ASGI."""

import asyncio
import json
import logging
import time
from collections.abc import Callable

from django.conf import settings

from tracker import logs, metrics
from tracker.asgi_types import Message, Receive, Scope, Send
from tracker.exceptions import DomainError, Unavailable
from tracker.realtime.doors import Visit, admit
from tracker.realtime.feed import Feed, Wanted
from tracker.realtime.hub import HUB, Closed
from tracker.realtime.log_reader import StreamEvent
from tracker.realtime.positions import decode_cursor, encode_cursor
from tracker.realtime.service import DATABASE_ERRORS, SERVICE
from tracker.realtime.websocket import SEND_SECONDS

PARAMETERS = frozenset({"since", "types"})
RETRY_MILLISECONDS = 3000
logger = logging.getLogger("tracker.access")
BASE_HEADERS = (
    (b"cache-control", b"no-store, private"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"vary", b"Authorization, Cookie"),
)


class MethodNotAllowed(DomainError):
    """The address is known, the method is not."""

    status, type = 405, "method_not_allowed"


async def serve_events(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    operation: str,
    known_types: frozenset[str],
    renderer: Callable[[StreamEvent], str],
) -> None:
    """Serves one event stream: `?types=`, resumed by `Last-Event-ID` or `?since=`."""
    visit, started = Visit.of_scope(scope), time.perf_counter()
    with logs.context(request_id=visit.request_id, operation=operation):
        stream = _Stream(visit, receive, send, renderer)
        status = await stream.run(str(scope["method"]), known_types)
        seconds = time.perf_counter() - started
        logger.info(
            "stream",
            extra={
                "method": scope["method"],
                "path": scope["path"][:300],
                "status": status,
                "latency_ms": round(seconds * 1000, 1),
                "client": visit.client,
            },
        )


class _Stream:
    def __init__(self, visit: Visit, receive: Receive, send: Send, renderer: Callable[[StreamEvent], str]) -> None:
        self._visit, self._receive, self._raw_send, self._renderer = visit, receive, send, renderer

    async def run(self, method: str, known_types: frozenset[str]) -> int:
        """The status that was answered."""
        try:
            if method != "GET":
                raise MethodNotAllowed("Only GET.")
            listener = await admit(self._visit, parameters=PARAMETERS, needs_origin=False)
            logs.bind(actor=listener.actor.label)
            wanted = Wanted.of_parameter(self._visit.parameter("types"), known=known_types)
            # A browser that reconnects repeats the address, so the header is the newer of the two.
            last_id = self._visit.headers.get("last-event-id") or self._visit.parameter("since")
            since = decode_cursor(last_id) if last_id else None
            with HUB.place(listener.actor.key, limit=settings.STREAM_CONNECTIONS_PER_USER):
                await SERVICE.check(listener)
                await self._stream(Feed(listener, wanted, since))
        except DomainError as error:
            return await self._refuse(error)
        except Closed as why:
            logger.debug("closed", extra={"reason": why.type})
        except DATABASE_ERRORS as error:
            logger.warning("A stream could not be served.", extra={"error": type(error).__name__})
            return await self._refuse(Unavailable("Try again.", retry_after_seconds=5))
        return 200

    async def _stream(self, feed: Feed) -> None:
        metrics.STREAM_CLIENTS.labels("sse").inc()
        speaking, listening = asyncio.create_task(self._speak(feed)), asyncio.create_task(self._listen())
        try:
            await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
            if speaking.done() and not listening.done():
                await speaking
        except (Unavailable, Closed, TimeoutError, OSError) as error:
            # The answer has begun; ending it makes the client come back with its last id.
            logger.debug("ended", extra={"reason": type(error).__name__})
        finally:
            for task in (speaking, listening):
                task.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)
            metrics.STREAM_CLIENTS.labels("sse").dec()
        await self._end()

    async def _speak(self, feed: Feed) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await self._start(200, headers)
        await self._write(f"retry: {RETRY_MILLISECONDS}\n\n")
        async for events in feed.batches():
            # A comment keeps proxies from closing; the id moves the client on past events it may not see.
            frames = "".join(self._frame(event) for event in events)
            await self._write(frames or f": heartbeat\nid: {encode_cursor(feed.position)}\n\n")

    def _frame(self, event: StreamEvent) -> str:
        return f"id: {event.cursor}\nevent: {event.verb}\ndata: {event.render(self._renderer)}\n\n"

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _write(self, text: str) -> None:
        try:
            await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        except TimeoutError:
            metrics.STREAM_DROPPED.labels("slow").inc()
            raise

    async def _start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        request_id = (b"x-request-id", self._visit.request_id.encode())
        await self._send(
            {"type": "http.response.start", "status": status, "headers": [*headers, request_id, *BASE_HEADERS]}
        )

    async def _end(self) -> None:
        try:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            logger.debug("The client had gone.")

    async def _refuse(self, error: DomainError) -> int:
        body = json.dumps(error.as_document(self._visit.request_id)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if error.status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="tracker"'))
        if error.status == 405:
            headers.append((b"allow", b"GET"))
        if error.retry_after_seconds is not None:
            headers.append((b"retry-after", str(error.retry_after_seconds).encode()))
        await self._start(error.status, headers)
        await self._send({"type": "http.response.body", "body": body})
        return error.status

    async def _send(self, message: Message) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self._raw_send(message)
