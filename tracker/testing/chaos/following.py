"""Clients of the streams as one would write them: they come back with their cursor whenever they are cut off."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect

PAUSE_SECONDS = 0.2


class Follower(threading.Thread):
    """Listens until the `with` block ends; `heard` has every message by its cursor, in order, repeats included."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(daemon=True)
        self.port, self._headers = port, {"Authorization": f"Bearer {token}"}
        self.heard: list[dict[str, Any]] = []
        self.connected = 0
        self.cursor = ""
        self._ended = threading.Event()

    def __enter__(self) -> "Follower":
        self.start()
        deadline = time.monotonic() + 30
        while not self.connected:
            assert time.monotonic() < deadline, "The stream does not open."
            time.sleep(0.05)
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.join(timeout=40)

    def run(self) -> None:
        """Listens, and again."""
        while not self._ended.is_set():
            try:
                for message in self._listen():
                    self.cursor = message["cursor"]
                    if message.get("type") != "heartbeat":
                        self.heard.append(message)
                    if self._ended.is_set():
                        return
            except (OSError, http.client.HTTPException, InvalidStatus, WebSocketException):
                pass
            time.sleep(PAUSE_SECONDS)

    def _listen(self) -> Iterator[dict[str, Any]]:
        raise NotImplementedError


class EventFollower(Follower):
    """Of /v1/events, told which types."""

    def __init__(self, port: int, token: str, types: str) -> None:
        super().__init__(port, token)
        self._types = types

    def _listen(self) -> Iterator[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = self._headers | ({"Last-Event-ID": self.cursor} if self.cursor else {})
        try:
            connection.request("GET", f"/v1/events?types={self._types}", headers=headers)
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                return
            self.connected += 1
            for line in response:
                if line.startswith(b"id:"):
                    # Also what says nothing moves the cursor on.
                    self.cursor = line[3:].strip().decode()
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
                if self._ended.is_set():
                    return
        finally:
            connection.close()


class AlertFollower(Follower):
    """Of /ws/alerts."""

    def _listen(self) -> Iterator[dict[str, Any]]:
        since = f"?since={self.cursor}" if self.cursor else ""
        url = f"ws://127.0.0.1:{self.port}/ws/alerts{since}"
        with connect(url, additional_headers=self._headers, ping_interval=None, open_timeout=20) as socket:
            self.connected += 1
            while not self._ended.is_set():
                try:
                    yield json.loads(socket.recv(timeout=1))
                except TimeoutError:
                    continue
