"""A Tracker with channels and a sender, and the questions that every fault ends with."""

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random

import psycopg

from incidents.testing.chaos.expectations import Channel, PlannedTicket, expect, plan_tickets, to_filters
from incidents.testing.chaos.recorder import Recorder
from tracker.testing.chaos.installation import ADMIN, Installation
from tracker.testing.chaos.sender import Sender

CHANNELS = (Channel("everything"), Channel("breaches", states=("breach",)), Channel("gold", tiers=("gold",)))
MAKE_CHANNEL = "import json, sys; from incidents.models import Channel; Channel.objects.create(**json.loads({!r}))"
# A lease, a sweep and the time that a busy machine takes.
RECOVERY_SECONDS = 90.0


class World:
    """One row of faults: a fresh database, the three programs, the receiver, and a plan of tickets."""

    def __init__(self, installation: Installation, recorder: Recorder, *, seed: int, channels: Sequence[Channel]):
        self.installation = installation
        self.recorder = recorder
        self.channels = channels
        self.random = Random(seed)  # noqa: S311 - a run must be repeatable
        self.tickets: list[PlannedTicket] = []
        self.allowed: Counter[str] = Counter()
        installation.kill_all()
        installation.programs.clear()
        installation.valkey.start()
        recorder.forget()
        installation.use_fresh_database(f"row_{seed}_{time.monotonic_ns()}")
        installation.manage("shell", "-c", "\n".join(MAKE_CHANNEL.format(self._describe(c)) for c in channels))
        self.token = installation.manage("create_api_token", ADMIN, "--scopes", "ingest,read").splitlines()[-1]

    def _describe(self, channel: Channel) -> str:
        url = self.recorder.url(f"/webhook/{channel.name}")
        return json.dumps({"name": channel.name, "kind": "webhook", "url": url, "filters": to_filters(channel)})

    def sender(self) -> Sender:
        """A new sender of events."""
        return Sender(self.installation.port, self.token)

    def plan(self, count: int, prefix: str = "T") -> list[PlannedTicket]:
        """More tickets with thresholds behind them; whoever plans them has to send them."""
        tickets = plan_tickets(count, random=self.random, now=datetime.now(UTC), prefix=prefix)
        self.tickets += tickets
        return tickets

    def note_in_flight(self) -> int:
        """Writes down which messages may come once more: those that a process had leased when it was killed."""
        leased = self.installation.query(
            "SELECT key::text FROM incidents_delivery WHERE status = 'leased' AND digest_of_id IS NULL"
        )
        arrived = {arrival.key for arrival in list(self.recorder.arrivals)}
        in_flight = [key for (key,) in leased if key in arrived]
        self.allowed.update(in_flight)
        return len(in_flight)

    def wait_for_statement(self, pattern: str, *, seconds: float = 30) -> bool:
        """Watches the database until a transaction of Tracker is at a statement that matches (SQL LIKE)."""
        deadline = time.monotonic() + seconds
        question = (
            "SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
            " AND state <> 'idle' AND query LIKE %s"
        )
        with psycopg.connect(self.installation.postgres.url(self.installation.database), autocommit=True) as connection:
            while time.monotonic() < deadline:
                if connection.execute(question, [pattern]).fetchone():
                    return True
                time.sleep(0.001)
        return False

    def wait_until(self, is_true: Callable[[], bool], *, what: str, seconds: float = RECOVERY_SECONDS) -> None:
        """Waits; raises AssertionError naming `what` when it takes too long."""
        deadline = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < deadline, f"no {what} within {seconds} s; {self.describe()}"
            time.sleep(0.1)

    def wait_until_all_is_told(self, *, seconds: float = RECOVERY_SECONDS) -> None:
        """Waits until every expected fact has arrived and nothing is left to send."""
        self.wait_until(
            lambda: self._lost() == 0 and self._unsent() == 0, what="end of the deliveries", seconds=seconds
        )

    def _lost(self) -> int:
        return len(expect(self.tickets, self.channels, datetime.now(UTC)) - self.recorder.told())

    def _unsent(self) -> int:
        statement = "SELECT count(*) FROM incidents_delivery WHERE status IN ('pending', 'leased')"
        return int(self.installation.query(statement)[0][0])

    def describe(self) -> str:
        """The figures of the run in one line."""
        extra = self.recorder.extra_messages()
        facts = len(expect(self.tickets, self.channels, datetime.now(UTC)))
        return (
            f"{len(self.tickets)} tickets, {facts} facts expected, lost {self._lost()}, "
            f"{len(self.recorder.arrivals)} messages, extra {extra.total()} of {self.allowed.total()} in flight"
        )

    def check(self) -> None:
        """Nothing lost, wrong or doubled, extra messages only of sends in flight, and the auditor finds nothing."""
        expected = expect(self.tickets, self.channels, datetime.now(UTC))
        told = self.recorder.told()
        assert not expected - told, f"lost {sorted(expected - told)[:5]}; {self.describe()}"
        assert not told - expected, f"wrong {sorted(told - expected)[:5]}; {self.describe()}"
        extra = Counter({key: count for (_, key), count in self.recorder.extra_messages().items()})
        assert not extra - self.allowed, f"extra {extra - self.allowed}; {self.describe()}"
        assert not self.recorder.facts_under_two_keys(), self.describe()
        self._check_rows(expected)
        self.installation.manage("verify")

    def _check_rows(self, expected: set[tuple[str, str, int, str]]) -> None:
        rows = self.installation.query(
            "SELECT t.external_id, a.kind, a.level FROM incidents_alert a JOIN incidents_ticket t ON t.id = a.ticket_id"
        )
        assert len(rows) == len(set(rows)), "an alert has two rows"
        assert set(rows) == {fact[:3] for fact in expected}, self.describe()
        stored = self.installation.query("SELECT external_id FROM incidents_ticket")
        assert sorted(name for (name,) in stored) == sorted(ticket.id for ticket in self.tickets)
        (events,) = self.installation.query("SELECT count(*) FROM incidents_ticketevent")
        assert events[0] == sum(len(ticket.events()) for ticket in self.tickets)
