"""A stub of an outside provider: it answers GETs with JSON, after a while or with an error where a test says so."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from incidents.testing.receiver import Answer, ReceivedRequest, RunningReceiver

Say = Callable[[str], tuple[int, Any]]


class RunningLookUps(RunningReceiver):
    """A provider that listens while its `with` block runs and remembers its calls.

    `say(path)` gives status and document; `delay_seconds` is how long it thinks.
    """

    def __init__(self, say: Say | None = None) -> None:
        super().__init__()
        self.say: Say = say or (lambda path: (200, {"city": "Teststadt", "country_code": "DE"}))
        self.delay_seconds = 0.0

    @property
    def calls(self) -> list[ReceivedRequest]:
        """What was asked, oldest first."""
        return list(self.requests)

    async def _respond(
        self, method: str, target: str, headers: dict[str, str], body: str, writer: asyncio.StreamWriter
    ) -> None:
        status, document = self.say(target)
        self.requests.append(ReceivedRequest("", method, target, headers, body, status))
        await asyncio.sleep(self.delay_seconds)
        writer.write(Answer(status, json.dumps(document), content_type="application/json").encode())
