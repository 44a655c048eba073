"""A batch is taken whole or not at all, whatever dies in the middle of it."""

import random
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from django.db import DatabaseError, InterfaceError, connection, connections

from incidents.models import Clock, Ticket, TicketEvent
from incidents.testing.endless_sender import BATCH
from incidents.testing.ticket_events import ingest, make_event
from tracker.models import Event
from tracker.testing.services import make_child_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.attack]


def check_all_or_nothing() -> set[str]:
    """Every batch that is there is there as a whole; their names."""
    batches = Counter(name.split("-")[0] for name in Ticket.objects.values_list("external_id", flat=True))
    assert set(batches.values()) <= {BATCH}
    assert TicketEvent.objects.count() == Clock.objects.count() == 2 * Ticket.objects.count()
    assert Event.objects.filter(verb="tickets.ingested").count() == len(batches)
    return set(batches)


def wait_until_nobody_writes() -> None:
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)
    raise AssertionError("the killed sender's session did not end")


@pytest.mark.parametrize(
    "kills", [2, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.chaos])], ids=["few", "many"]
)
def test_a_sender_that_is_killed_leaves_whole_batches(kills):
    dice, number = random.Random(51), 0
    for _ in range(kills):
        command = [sys.executable, "-m", "incidents.testing.endless_sender", str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=make_child_environment()) as sender:
            assert sender.stdout is not None
            assert sender.stdout.readline() == f"begin {number}\n"
            time.sleep(dice.uniform(0, 0.4))
            sender.kill()
            said = [line.split() for line in sender.stdout.read().splitlines()]
        wait_until_nobody_writes()
        batches = check_all_or_nothing()
        ended = {f"B{which}" for word, which in said if word == "end"}
        assert ended <= batches, "what was answered is there"
        number += 1_000


def test_a_connection_that_is_cut_leaves_whole_batches():
    dice = random.Random(21)
    for number in range(12):
        events = [make_event(f"B{number}-{n}", status, 0) for n in range(BATCH) for status in ("new", "active")]
        outcome: list[BaseException | None] = []

        def send(events=events, outcome=outcome) -> None:
            try:
                ingest(*events)
                outcome.append(None)
            except (DatabaseError, InterfaceError) as error:
                outcome.append(error)
            finally:
                connections.close_all()

        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(dice.uniform(0, 0.25))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        sender.join(30)
        assert len(outcome) == 1, "a cut connection is an error of the database, which the entrances know"
        assert (f"B{number}" in check_all_or_nothing()) == (outcome[0] is None)
