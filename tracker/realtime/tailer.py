"""One reader of the log per process: woken by the doorbell, otherwise looking twice a second."""

import asyncio
import contextlib
import logging

import psycopg
from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracker.realtime import DOORBELL
from tracker.realtime.hub import Hub
from tracker.realtime.log_reader import connection_parameters, read_events, read_head

POLL_SECONDS = 0.5
PAGE = 100
ROOM_SECONDS = 2.0
QUERY_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 5.0
logger = logging.getLogger(__name__)


class Tailer:
    """Reads what is new and gives it to the hub, whatever restarts: its position outlives every connection."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._bell = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to read, from now on."""
        self._tasks = [asyncio.create_task(self._keep_reading()), asyncio.create_task(self._keep_listening())]

    async def stop(self) -> None:
        """Ends at once; nothing is lost, as positions live with the clients."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep_reading(self) -> None:
        pause = 0.1
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**connection_parameters("tracker-tail")) as connection:
                    pause = 0.1
                    await self._read(connection)
            except (psycopg.Error, OSError) as error:
                logger.warning("The stream lost the database; trying again.", extra={"error": type(error).__name__})
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _read(self, connection: psycopg.AsyncConnection) -> None:
        while True:
            self._bell.clear()
            async with asyncio.timeout(QUERY_SECONDS):
                if self._hub.position is None:
                    self._hub.position = await read_head(connection)
                events = await read_events(connection, after=self._hub.position, limit=PAGE)
            self._hub.publish(events)
            if len(events) == PAGE:
                await self._hub.wait_for_room(events=PAGE, seconds=ROOM_SECONDS)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._bell.wait()

    async def _keep_listening(self) -> None:
        pause = 0.1
        while True:
            client = Redis.from_url(settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=2)
            try:
                async with client.pubsub() as subscription:
                    await subscription.subscribe(DOORBELL)
                    pause = 0.1
                    async for _ in subscription.listen():
                        self._bell.set()
            except (RedisError, OSError):
                # Not worth a line: polling goes on, and /healthz tells of the broker.
                pass
            finally:
                with contextlib.suppress(RedisError, OSError):
                    await client.aclose()
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
