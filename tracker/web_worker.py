"""gunicorn's ASGI worker, ended without cutting anybody off.

Told to end, it ends the streams, goes on taking what comes for as long as whoever is in front of it may need to notice,
and says with each answer that its connection ends, so that it is the other side who closes: a connection that we close
may have a request on its way. Then it takes the connections that wait in the kernel, stops listening, and ends when
nobody is connected any more.
"""

import asyncio
import socket
import sys
import time
from typing import Any

from django.conf import settings
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers.gasgi import ASGIWorker

# Longer than infra/nginx keeps an idle connection to us, and than we keep one ourselves where nobody says otherwise.
IDLE_SECONDS = 16.0
# Whatever stops us kills after 30 seconds by habit.
LONGEST_SECONDS = 25.0
MOST_WAITING = 4096


class DrainingWorker(ASGIWorker):
    """The worker that gunicorn.conf.py names."""

    _ending: "asyncio.Task[None] | None" = None

    def handle_exit_signal(self) -> None:
        """SIGTERM. To gunicorn we are alive until nobody is connected: otherwise it would close connections that it
        has just promised to keep."""
        if self._ending is None and self.alive:
            self._ending = self.loop.create_task(self._end())

    async def _end(self) -> None:
        began = time.monotonic()
        hub = getattr(sys.modules.get("tracker.realtime.hub"), "HUB", None)
        if hub is not None:
            hub.close_all()
        await asyncio.sleep(settings.DRAIN_SECONDS)
        self._stop_listening()
        while self.nr_conns > 0:
            if time.monotonic() - began > (LONGEST_SECONDS if _is_busy() else IDLE_SECONDS):
                self.log.warning("Closing %d connections.", self.nr_conns)
                break
            await asyncio.sleep(0.05)
        self.alive = False

    async def _shutdown(self) -> None:
        """Called by gunicorn when we are not alive any more; SIGINT and SIGQUIT come here at once."""
        for server in self.servers:
            server.close()
        if self.lifespan is not None and not self._quick_shutdown:
            await self.lifespan.shutdown()

    def _stop_listening(self) -> None:
        """First takes over whoever waits: the kernel would reset them, and what they have sent already."""
        self._taking = [self._take(waiting) for listener in self.sockets for waiting in _accept_all(listener.sock)]
        for server in self.servers:
            server.close()

    def _take(self, connection: socket.socket) -> "asyncio.Task[Any]":
        task: asyncio.Task[Any] = self.loop.create_task(
            self.loop.connect_accepted_socket(lambda: ASGIProtocol(self), connection)
        )
        return task


def _accept_all(listener: socket.socket) -> list[socket.socket]:
    accepted: list[socket.socket] = []
    while len(accepted) < MOST_WAITING:
        try:
            connection, _ = listener.accept()
        except OSError:
            break
        connection.setblocking(False)
        accepted.append(connection)
    return accepted


def _is_busy() -> bool:
    application: Any = sys.modules.get("tracker.asgi")
    return application is not None and application.PAGES.requests > 0
