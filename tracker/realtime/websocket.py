"""One WebSocket, from handshake to close, on plain ASGI."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from tracker import logs, metrics
from tracker.asgi_types import Receive, Scope, Send
from tracker.exceptions import DomainError, Throttled
from tracker.realtime.doors import SUBPROTOCOL, ForeignOrigin, Visit, admit, has_subprotocol_token
from tracker.realtime.feed import Feed, Wanted
from tracker.realtime.hub import HUB, TRY_AGAIN_LATER, Closed
from tracker.realtime.log_reader import StreamEvent
from tracker.realtime.positions import decode_cursor, encode_cursor
from tracker.realtime.service import DATABASE_ERRORS, SERVICE

SEND_SECONDS = 15.0
CLOSE_SECONDS = 7.0
REASON_BYTES = 123
CLOSE_CODES = {400: 4400, 401: 4401, 403: 4403, 404: 4404, 429: 4429, 503: TRY_AGAIN_LATER}
INTERNAL_ERROR = 1011
# Clients have nothing to say to us; one that talks without end is not one of ours.
MOST_INCOMING = 100
POLICY_VIOLATION = 1008
PARAMETERS = frozenset({"since"})
logger = logging.getLogger("tracker.access")


async def serve_websocket(
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    operation: str,
    wanted: Wanted,
    renderer: Callable[[StreamEvent], str],
) -> None:
    """Serves one connection: lets it in, replays from `?since=`, follows, ends it with a code and a reason."""
    visit, started = Visit.of_scope(scope), time.perf_counter()
    with logs.context(request_id=visit.request_id, operation=operation):
        await receive()
        code = await _Conversation(visit, receive, send, wanted, renderer).run()
        seconds = time.perf_counter() - started
        logger.info(
            "stream",
            extra={
                "path": str(scope.get("path", ""))[:300],
                "status": code,
                "latency_ms": round(seconds * 1000, 1),
                "client": visit.client,
            },
        )


def close_reason(type_: str, message: str, request_id: str) -> str:
    """The contract's error in the 123 bytes that a close frame has: the message gives way first, then the details."""
    error: dict[str, Any] = {"type": type_, "message": "", "details": [], "request_id": request_id}
    for attempt in ({"error": error}, {"error": {name: error[name] for name in ("type", "message", "request_id")}}):
        room = REASON_BYTES - len(json.dumps(attempt, separators=(",", ":")))
        if room >= 0:
            attempt["error"]["message"] = message.encode("ascii", "replace").decode()[:room]
            return json.dumps(attempt, separators=(",", ":"))
    return json.dumps({"error": {"type": type_}}, separators=(",", ":"))


def _heartbeat(feed: Feed) -> str:
    """Says that the line is alive, and from where to resume although nothing has happened."""
    return json.dumps({"type": "heartbeat", "cursor": encode_cursor(feed.position)})


class _Conversation:
    def __init__(
        self,
        visit: Visit,
        receive: Receive,
        send: Send,
        wanted: Wanted,
        renderer: Callable[[StreamEvent], str],
    ) -> None:
        self._visit, self._receive, self._raw_send = visit, receive, send
        self._wanted, self._renderer = wanted, renderer
        self._is_accepted = False

    async def run(self) -> int:
        """The code with which the connection ended."""
        try:
            listener = await admit(self._visit, parameters=PARAMETERS, needs_origin=True)
            since = self._visit.parameter("since")
            position = decode_cursor(since) if since else None
            logs.bind(actor=listener.actor.label)
            with HUB.place(listener.actor.key, limit=settings.STREAM_CONNECTIONS_PER_USER):
                await SERVICE.check(listener)
                await self._accept()
                return await self._talk(Feed(listener, self._wanted, position))
        except ForeignOrigin:
            return await self._refuse()
        except DomainError as error:
            if "token in the address" in error.message:
                return await self._refuse()
            if isinstance(error, Throttled):
                metrics.STREAM_DROPPED.labels("limit").inc()
            return await self._close(CLOSE_CODES.get(error.status, INTERNAL_ERROR), error.type, error.message)
        except Closed as why:
            return await self._close(why.code, why.type, why.message)
        except DATABASE_ERRORS as error:
            logger.warning("A stream could not be served.", extra={"error": type(error).__name__})
            return await self._close(TRY_AGAIN_LATER, "unavailable", "Try again.")

    async def _talk(self, feed: Feed) -> int:
        metrics.STREAM_CLIENTS.labels("websocket").inc()
        speaking, listening = asyncio.create_task(self._speak(feed)), asyncio.create_task(self._listen())
        try:
            await asyncio.wait({speaking, listening}, return_when=asyncio.FIRST_COMPLETED)
            return await (listening if listening.done() else speaking)
        finally:
            for task in (speaking, listening):
                task.cancel()
            await asyncio.gather(speaking, listening, return_exceptions=True)
            metrics.STREAM_CLIENTS.labels("websocket").dec()

    async def _speak(self, feed: Feed) -> int:
        async for events in feed.batches():
            texts = [event.render(self._renderer) for event in events]
            await self._send_all(texts or [_heartbeat(feed)])
        return INTERNAL_ERROR

    async def _listen(self) -> int:
        for _ in range(MOST_INCOMING):
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return int(message.get("code") or 1005)
        raise Closed(POLICY_VIOLATION, "too_talkative", "This stream takes no messages.")

    async def _send_all(self, texts: Sequence[str]) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                for text in texts:
                    await self._raw_send({"type": "websocket.send", "text": text})
        except TimeoutError:
            metrics.STREAM_DROPPED.labels("slow").inc()
            raise Closed(TRY_AGAIN_LATER, "too_slow", "Too slow; resume by cursor.") from None

    async def _accept(self) -> None:
        await self._raw_send(
            {
                "type": "websocket.accept",
                "subprotocol": SUBPROTOCOL if has_subprotocol_token(self._visit) else None,
                "headers": [(b"x-request-id", self._visit.request_id.encode())],
            }
        )
        self._is_accepted = True

    async def _refuse(self) -> int:
        """Ends the handshake with a plain 403: whoever asks gets no connection, and learns nothing."""
        await self._raw_send({"type": "websocket.close", "code": 4403})
        return 403

    async def _close(self, code: int, type_: str, message: str) -> int:
        """Closes with a reason; a browser can only read it from an accepted connection."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                if not self._is_accepted:
                    await self._accept()
                reason = close_reason(type_, message, self._visit.request_id)
                await self._raw_send({"type": "websocket.close", "code": code, "reason": reason})
        except (TimeoutError, OSError):
            logger.debug("The client had gone before it was told why.")
        return code
