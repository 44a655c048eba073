"""Several workers, lost workers and a lost database: nothing lost, nothing doubled."""

import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from incidents.channels.base import Retry, Sent
from incidents.models import Delivery
from incidents.services import sending
from incidents.services.delivery_results import Result, finish_deliveries
from incidents.services.outbox import claim_deliveries
from incidents.services.sending import deliver_due
from incidents.testing.outbox import count_by_status, fire_alerts, make_webhook, pull_forward
from tracker import clock
from tracker.testing.services import make_child_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.attack]


def end_leases() -> None:
    """As if the time of every lease had passed."""
    Delivery.objects.filter(status="leased").update(next_attempt_at=clock.now() - timedelta(seconds=1))


def test_workers_side_by_side_send_everything_once(receiver):
    channels = [make_webhook(receiver, f"/webhook/{number}/ok") for number in range(3)]
    channels += [make_webhook(receiver, "/slack/ok")]
    fire_alerts(40)

    def work() -> None:
        try:
            deliver_due(stop_after_seconds=4)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_due(stop_after_seconds=4)
    assert [count_by_status(channel) for channel in channels] == [{"sent": 40}] * 4
    keys = [request.idempotency_key for request in receiver.requests]
    assert len(keys) == len(set(keys))
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_a_claim_is_invisible_to_others_until_its_lease_ends(receiver):
    make_webhook(receiver)
    fire_alerts()
    (first,) = claim_deliveries(limit=10)
    assert claim_deliveries(limit=10) == []
    end_leases()
    (second,) = claim_deliveries(limit=10)
    assert second.key == first.key
    assert (first.attempts, second.attempts) == (1, 2)


def test_a_worker_that_took_too_long_changes_nothing(receiver):
    """The fence: its row is in other hands."""
    make_webhook(receiver)
    fire_alerts()
    (late,) = claim_deliveries(limit=10)
    end_leases()
    (present,) = claim_deliveries(limit=10)
    assert finish_deliveries([Result(late, Retry("too late"))]) == 0
    assert finish_deliveries([Result(present, Sent(200))]) == 1
    assert finish_deliveries([Result(late, Retry("too late"))]) == 0
    assert Delivery.objects.get().status == "sent"


def test_a_killed_worker_costs_one_extra_message_under_the_same_key(receiver):
    """F04: the receiver has answered 2xx and the worker dies before it can write that down."""
    make_webhook(receiver)
    fire_alerts()
    script = (
        "import django; django.setup()\n"
        "import os, signal\n"
        "from incidents.services import sending\n"
        "sending.finish_deliveries = lambda results: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sending.deliver_due()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=make_child_environment(), timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("leased", 1)
    assert deliver_due().attempts == 0
    end_leases()
    deliver_due()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sent", 2)
    assert [request.idempotency_key for request in receiver.requests] == [str(delivery.key)] * 2


def test_results_outlive_a_restart_of_the_database(receiver, monkeypatch):
    """F20: the connection dies between the send and its result; nothing is sent again for that."""
    make_webhook(receiver)
    fire_alerts(5)
    real, calls = sending.finish_deliveries, []

    def interrupted(results):
        calls.append(len(results))
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return real(results)

    monkeypatch.setattr(sending, "finish_deliveries", interrupted)
    deliver_due()
    assert set(Delivery.objects.values_list("status", "attempts")) == {("sent", 1)}
    assert len(receiver.requests) == 5


def test_a_database_that_is_away_while_messages_are_under_way_costs_none_of_them(receiver, monkeypatch):
    """F20: the next claim fails while earlier attempts run."""
    monkeypatch.setattr("incidents.services.outbox.DEADLINE_SECONDS", 1.2)
    hanging, channel = make_webhook(receiver, "/webhook/hang"), make_webhook(receiver)
    fire_alerts()
    real, calls = sending.claim_deliveries, []

    def interrupted(**options):
        calls.append(options)
        if len(calls) == 2:
            raise OperationalError("the database is starting up")
        return real(**options)

    monkeypatch.setattr(sending, "claim_deliveries", interrupted)
    deliver_due(stop_after_seconds=1)
    assert len(calls) > 2
    assert count_by_status(channel) == {"sent": 1}
    assert count_by_status(hanging) == {"pending": 1}


def test_a_database_that_stays_away_ends_the_run(receiver, monkeypatch):
    make_webhook(receiver)
    fire_alerts()

    def fail(results):
        raise OperationalError("gone")

    monkeypatch.setattr(sending, "finish_deliveries", fail)
    monkeypatch.setattr(sending, "FINISH_PATIENCE_SECONDS", 0.6)
    with pytest.raises(OperationalError):
        deliver_due()
    end_leases()
    monkeypatch.undo()
    deliver_due()
    assert Delivery.objects.get().status == "sent"


def test_no_transaction_is_open_while_something_is_sent(receiver, monkeypatch):
    monkeypatch.setattr("incidents.services.outbox.DEADLINE_SECONDS", 1.0)
    make_webhook(receiver, "/webhook/hang")
    fire_alerts()
    seen: list[int] = []

    def watch() -> None:
        time.sleep(0.4)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND state = 'idle in transaction'"
            )
            seen.append(cursor.fetchone()[0])
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    deliver_due(limit=1)
    watcher.join()
    assert seen == [0]


def test_a_lost_doorbell_changes_nothing(receiver):
    channel = make_webhook(receiver)
    fire_alerts(3)
    pull_forward()
    deliver_due()
    assert count_by_status(channel) == {"sent": 3}
