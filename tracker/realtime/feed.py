"""What one connection gets: what it missed since its cursor, then what happens, without a gap between the two."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

from tracker.exceptions import InvalidInput, Unavailable
from tracker.realtime.hub import HUB, Subscriber
from tracker.realtime.log_reader import PAGE, StreamEvent, read_events
from tracker.realtime.positions import Position
from tracker.realtime.rights import Listener, visible_events
from tracker.realtime.service import DATABASE_ERRORS, SERVICE

HEARTBEAT_SECONDS = 15.0
MOST_TYPES = 20


class Wanted:
    """The verbs a client asked for: whole verbs (`alert.fired`) or their first words (`alert`); none = all."""

    def __init__(self, types: tuple[str, ...] = ()) -> None:
        self._whole = frozenset(name for name in types if "." in name)
        self._words = frozenset(types) - self._whole
        self.patterns = [name.replace("_", r"\_") + ("" if "." in name else ".%") for name in types]

    @classmethod
    def of_parameter(cls, text: str, *, known: frozenset[str]) -> "Wanted":
        """Reads `?types=alert,ticket.commented`.

        Raises:
            InvalidInput: too many, or a name whose first word is none of `known`.
        """
        types = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        are_known = all(name.partition(".")[0] in known and name.replace(".", "_").isidentifier() for name in types)
        if not are_known or len(types) > MOST_TYPES:
            raise InvalidInput.of_field("types", f"At most {MOST_TYPES} of: {', '.join(sorted(known))}.")
        return cls(types)

    def __call__(self, verb: str) -> bool:
        """Whether the client wants events of this verb."""
        return not (self._whole or self._words) or verb in self._whole or verb.partition(".")[0] in self._words


class Feed:
    """One connection's events in order, each once. Iterate it; an empty list means that it is time for a heartbeat."""

    def __init__(self, listener: Listener, wanted: Wanted, since: Position | None) -> None:
        self._listener, self._wanted, self._since = listener, wanted, since
        self._accepts: Callable[[StreamEvent], bool] = visible_events(listener, wanted)
        self._subscriber = Subscriber(self._accepts)
        self.position = since or Position(0, 0)

    async def batches(self) -> AsyncIterator[list[StreamEvent]]:
        """Yields what is to be sent, for as long as the connection may live.

        Raises:
            Closed: it must end. Unavailable: the log cannot be read now.
        """
        if self._since is not None:
            async for events in self._replay():
                yield events
        with self._subscribed():
            # Events between the last page and the subscription are in neither; this page has them.
            if self._since is not None:
                async for events in self._replay():
                    yield events
            while True:
                events = await self._subscriber.take(seconds=HEARTBEAT_SECONDS)
                news = [event for event in events if event.position > self.position]
                yield news
                self.position = news[-1].position if news else max(self.position, HUB.position or self.position)

    @contextmanager
    def _subscribed(self) -> Iterator[None]:
        if HUB.position is None:
            raise Unavailable("The stream is not ready.", retry_after_seconds=2)
        if self._since is None:
            self.position = HUB.position
        HUB.subscribers.add(self._subscriber)
        SERVICE.listeners[self._subscriber] = self._listener
        if HUB.is_closing:
            HUB.close_all()
        try:
            yield
        finally:
            HUB.subscribers.discard(self._subscriber)
            SERVICE.listeners.pop(self._subscriber, None)

    async def _replay(self) -> AsyncIterator[list[StreamEvent]]:
        while True:
            try:
                async with SERVICE.pool.connection() as connection:
                    page = await read_events(connection, after=self.position, verbs=self._wanted.patterns)
            except DATABASE_ERRORS as error:
                raise Unavailable("The log cannot be read now.", retry_after_seconds=5) from error
            visible = [event for event in page if self._accepts(event)]
            if visible:
                yield visible
            if page:
                self.position = page[-1].position
            if len(page) < PAGE:
                return
