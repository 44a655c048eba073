"""The hub: hands each event of the tailer to everyone in this process who listens and may see it."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tracker import metrics
from tracker.exceptions import Throttled, Unavailable
from tracker.realtime.log_reader import StreamEvent
from tracker.realtime.positions import Position

QUEUE_LIMIT = 200
STUCK_AFTER_SECONDS = 0.5
TRY_AGAIN_LATER = 1013
SERVICE_RESTART = 1012


class Closed(Exception):
    """The connection must end, with this WebSocket close code and reason."""

    def __init__(self, code: int, type_: str, message: str) -> None:
        super().__init__(message)
        self.code, self.type, self.message = code, type_, message


class Subscriber:
    """One connection's queue, bounded: whoever does not keep up is dropped and resumes by cursor."""

    __slots__ = ("_closed", "_events", "_waiter", "accepts", "taken_at")

    def __init__(self, accepts: Callable[[StreamEvent], bool]) -> None:
        self.accepts = accepts
        self._events: deque[StreamEvent] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed: Closed | None = None
        self.taken_at = 0.0

    @property
    def backlog(self) -> int:
        """How many events wait to be sent."""
        return len(self._events)

    def offer(self, event: StreamEvent) -> None:
        """Queues the event if the connection wants and may see it."""
        if self._closed is not None or not self.accepts(event):
            return
        if len(self._events) >= QUEUE_LIMIT:
            metrics.STREAM_DROPPED.labels("slow").inc()
            self.close(Closed(TRY_AGAIN_LATER, "too_slow", "Too slow; resume by cursor."))
            return
        self._events.append(event)
        self._wake()

    def close(self, why: Closed) -> None:
        """Ends the connection; what is still queued is not sent."""
        if self._closed is None:
            self._closed = why
            self._events.clear()
            self._wake()

    async def take(self, *, seconds: float) -> list[StreamEvent]:
        """What is queued, waiting for it at most `seconds`; empty then.

        Raises:
            Closed: the connection must end.
        """
        if not self._events and self._closed is None:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            # A plain timer: asyncio.timeout costs several times as much, and this runs once per event and client.
            timer = loop.call_later(seconds, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if self._closed is not None:
            raise self._closed
        self.taken_at = asyncio.get_running_loop().time()
        events = list(self._events)
        self._events.clear()
        return events

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Hub:
    """All subscribers of this process. Only its event loop touches it."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self._places: Counter[str] = Counter()
        self.position: Position | None = None
        self.is_closing = False

    def publish(self, events: Sequence[StreamEvent]) -> None:
        """Hands events to everyone, in order; the hub stands after the last one from then on."""
        for subscriber in list(self.subscribers):
            for event in events:
                subscriber.offer(event)
        if events:
            self.position = events[-1].position

    async def wait_for_room(self, *, events: int, seconds: float) -> None:
        """Waits, at most `seconds`, for those who are behind and still reading: a burst must drop only the stuck."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        await asyncio.sleep(0)
        while loop.time() < deadline and any(
            subscriber.backlog > QUEUE_LIMIT - events and loop.time() - subscriber.taken_at < STUCK_AFTER_SECONDS
            for subscriber in self.subscribers
        ):
            await asyncio.sleep(0.01)

    @contextmanager
    def place(self, key: str, *, limit: int) -> Iterator[None]:
        """Holds one of the `limit` connections that one person or token may have open here.

        Raises:
            Throttled: all are taken. Unavailable: the process is about to stop.
        """
        if self.is_closing:
            raise Unavailable("Restarting; try again.", retry_after_seconds=1)
        if self._places[key] >= limit:
            raise Throttled(f"More than {limit} open streams.", retry_after_seconds=30)
        self._places[key] += 1
        try:
            yield
        finally:
            self._places[key] -= 1
            if not self._places[key]:
                del self._places[key]

    def close_all(self) -> None:
        """Ends every connection, now and from now on: the process is about to stop."""
        self.is_closing = True
        for subscriber in list(self.subscribers):
            subscriber.close(Closed(SERVICE_RESTART, "restarting", "Restarting; resume by cursor."))


HUB = Hub()
