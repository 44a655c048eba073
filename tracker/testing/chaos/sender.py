"""A sender as one would write it: every batch again until it is acknowledged, whatever happens in between."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = 0
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 0 where nothing did, and then why."""

    status: int
    seconds: float
    retry_after: str | None = None
    text: str = ""


@dataclass(slots=True)
class Sender:
    """Posts JSON to one address, each time on a new connection; keeps every answer."""

    port: int
    token: str
    path: str = "/v1/tickets"
    answers: list[Answer] = field(default_factory=list)

    def post(self, body: Any) -> Answer:
        """One try."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", self.path, json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read(2000).decode("utf-8", "replace") if response.status != 200 else ""
            answer = Answer(response.status, time.monotonic() - began, response.getheader("Retry-After"), text)
        except (OSError, http.client.HTTPException) as error:
            answer = Answer(NO_ANSWER, time.monotonic() - began, text=type(error).__name__)
        finally:
            connection.close()
        self.answers.append(answer)
        return answer

    def post_until_taken(self, body: Sequence[Any], *, seconds: float = 60) -> None:
        """Tries until a 200.

        Raises:
            AssertionError: it was refused, or not taken in time.
        """
        deadline = time.monotonic() + seconds
        while (answer := self.post(body)).status != 200:
            assert answer.status in {NO_ANSWER, 429, 503}, answer
            assert time.monotonic() < deadline, answer
            time.sleep(PAUSE_SECONDS)

    def statuses(self) -> Counter[int]:
        """How often each status came."""
        return Counter(answer.status for answer in self.answers)
