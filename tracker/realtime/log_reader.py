"""Reading the log in the order in which transactions become visible, so that no reader misses a late commit.

Ids and transaction ids are handed out before the commit. Whoever asks for `id > last` loses the row that commits after
a higher one was read. Below the snapshot's xmin no transaction is running any more: what is there is all there will be.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection as django_connection
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from tracker.realtime.positions import Position, encode_cursor

Row = tuple[int, int, datetime, str, str, str, str, dict[str, Any]]
PAGE = 200
CONNECTION_NAMES = (
    "dbname",
    "user",
    "password",
    "host",
    "port",
    "connect_timeout",
    "options",
    "sslmode",
    "sslrootcert",
)
POOL_SIZE = 4
POOL_TIMEOUT_SECONDS = 5.0

# The order names the table: `xid` alone would be the number that is selected, which no index knows.
SELECT = """
SELECT xid::text::bigint, id, at, verb, actor_label, object_type, object_id, data
  FROM tracker_event
 WHERE (xid, id) > (%(xid)s::text::xid8, %(id)s) AND xid < tracker_horizon()
 ORDER BY tracker_event.xid, tracker_event.id LIMIT %(limit)s
"""
SELECT_BY_VERB = SELECT.replace(" ORDER BY", " AND verb LIKE ANY(%(verbs)s) ORDER BY")
SELECT_HEAD = "SELECT tracker_horizon()::text::bigint"


class StreamEvent:
    """One line of the log as it goes to clients. What they get is rendered once, however many listen."""

    __slots__ = ("_rendered", "actor_label", "at", "data", "object_id", "object_type", "position", "verb")

    def __init__(self, row: Row) -> None:
        xid, event_id, self.at, self.verb, self.actor_label, self.object_type, self.object_id, self.data = row
        self.position = Position(xid, event_id)
        self._rendered: dict[Callable[[StreamEvent], str], str] = {}

    @property
    def cursor(self) -> str:
        """What a client sends to go on after this event."""
        return encode_cursor(self.position)

    def render(self, renderer: "Callable[[StreamEvent], str]") -> str:
        """What `renderer` makes of it; asked once per renderer."""
        text = self._rendered.get(renderer)
        if text is None:
            text = self._rendered[renderer] = renderer(self)
        return text


def connection_parameters(application_name: str) -> dict[str, Any]:
    """How to reach Django's database without Django."""
    parameters = django_connection.get_connection_params()
    known: dict[str, Any] = {name: parameters[name] for name in CONNECTION_NAMES if name in parameters}
    return {**known, "autocommit": True, "application_name": application_name}


def open_pool() -> AsyncConnectionPool[AsyncConnection[Any]]:
    """The few connections that replays and checks of rights share; open it with `await pool.open()`."""
    return AsyncConnectionPool(
        kwargs=connection_parameters("tracker-stream"),
        min_size=0,
        max_size=POOL_SIZE,
        timeout=POOL_TIMEOUT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


async def read_head(connection: AsyncConnection[Any]) -> Position:
    """The position from which everything is news: all before it is visible, nothing at or after it has been read."""
    row = await (await connection.execute(SELECT_HEAD)).fetchone()
    return Position(int(row[0]) if row else 0, 0)


async def read_events(
    connection: AsyncConnection[Any], *, after: Position, verbs: Sequence[str] = (), limit: int = PAGE
) -> list[StreamEvent]:
    """The next events after a position, at most `limit`, those of `verbs` (LIKE patterns; none = all)."""
    values = {"xid": str(after.xid), "id": after.id, "limit": limit, "verbs": list(verbs)}
    cursor = await connection.execute(SELECT_BY_VERB if verbs else SELECT, values)
    return [StreamEvent(row) for row in await cursor.fetchall()]
