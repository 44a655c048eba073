"""A receiver that remembers every message with its key and tells the driver when it has answered."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from incidents.testing.chaos.expectations import Fact
from incidents.testing.receiver import Answer, RunningReceiver


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came."""

    key: str
    channel: str
    body: str

    def facts(self) -> list[Fact]:
        """What it says: (ticket, sla, level, channel) of each notice in it."""
        notices = json.loads(self.body)["notices"]
        return [(item["ticket_id"], item["sla_type"], item["escalation_level"], self.channel) for item in notices]


class Recorder(RunningReceiver):
    """Takes every webhook, after `delay_seconds`; the last part of the path is the channel's name."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def forget(self) -> None:
        """Starts anew."""
        self.delay_seconds = 0.0
        self.arrivals: list[Arrival] = []
        self.on_answer: Callable[[Arrival], None] | None = None

    async def _respond(
        self, method: str, target: str, headers: dict[str, str], body: str, writer: asyncio.StreamWriter
    ) -> None:
        arrival = Arrival(headers.get("idempotency-key", ""), target.rpartition("/")[2], body)
        self.arrivals.append(arrival)
        await asyncio.sleep(self.delay_seconds)
        writer.write(Answer(200).encode())
        if self.on_answer is not None:
            self.on_answer(arrival)

    def told(self) -> set[Fact]:
        """Everything that was said at least once."""
        return {fact for arrival in list(self.arrivals) for fact in arrival.facts()}

    def extra_messages(self) -> Counter[tuple[str, str]]:
        """How often each (channel, key) came beyond its first time."""
        counts = Counter((arrival.channel, arrival.key) for arrival in list(self.arrivals))
        return Counter({message: count - 1 for message, count in counts.items() if count > 1})

    def facts_under_two_keys(self) -> set[Fact]:
        """What was said again under another key, which no receiver could recognise."""
        keys: dict[Fact, set[str]] = {}
        for arrival in list(self.arrivals):
            for fact in arrival.facts():
                keys.setdefault(fact, set()).add(arrival.key)
        return {fact for fact, found in keys.items() if len(found) > 1}
