"""The stream's part of a process's life: the tailer, the pool, the watch over rights. Started by the ASGI lifespan."""

import asyncio
import logging
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from tracker.realtime import rights
from tracker.realtime.hub import HUB, Subscriber
from tracker.realtime.log_reader import open_pool
from tracker.realtime.rights import Listener
from tracker.realtime.tailer import Tailer

RECHECK_SECONDS = 3.0
RECHECK_DEADLINE_SECONDS = 10.0
DATABASE_ERRORS = (psycopg.Error, PoolTimeout, OSError)
logger = logging.getLogger(__name__)


class StreamService:
    """What all streams of a process share."""

    def __init__(self) -> None:
        self.listeners: dict[Subscriber, Listener] = {}
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] | None = None
        self._tailer = Tailer(HUB)
        self._watch: asyncio.Task[None] | None = None

    @property
    def pool(self) -> AsyncConnectionPool[AsyncConnection[Any]]:
        """The shared connections; only while the service runs."""
        if self._pool is None:
            raise RuntimeError("The stream service has not been started.")
        return self._pool

    async def start(self) -> None:
        """Begins to read; does not wait for the database, which may come later."""
        self._pool = open_pool()
        await self._pool.open()
        self._tailer.start()
        self._watch = asyncio.create_task(self._keep_watching())

    async def stop(self) -> None:
        """Ends every connection and all that was started."""
        HUB.close_all()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._tailer.stop()
        if self._pool is not None:
            await self._pool.close()

    async def check(self, listener: Listener) -> None:
        """Compares a newcomer with the database once, which also tells what is theirs.

        Raises:
            Closed: the rights went away between the door and here.
        """
        async with self.pool.connection() as connection:
            why = listener.check(await rights.read_states(connection, [listener]))
        if why is not None:
            raise why

    async def _keep_watching(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                async with asyncio.timeout(RECHECK_DEADLINE_SECONDS), self.pool.connection() as connection:
                    await rights.recheck(connection, dict(self.listeners))
            except DATABASE_ERRORS as error:
                # Without the database no event flows either, so nobody sees what they should not.
                logger.warning("Rights could not be checked.", extra={"error": type(error).__name__})


SERVICE = StreamService()
