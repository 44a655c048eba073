"""Workers are killed at random moments while they send: every notice arrives, and what arrives twice was in flight."""

import json
import random
import sys
import time
from collections import Counter, deque
from datetime import timedelta

import pytest

from incidents.models import Delivery
from incidents.services.sending import deliver_due
from incidents.testing.outbox import fire_alerts, make_webhook
from incidents.testing.receiver import RunningReceiver
from tracker import clock
from tracker.testing.processes import ChildProcess

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
KILLS = 15
WAVE = 40
PATHS = ("/webhook/1/ok", "/webhook/2/ok", "/webhook/3/ok")
WORKER = """
import time, django
django.setup()
from incidents.services.sending import deliver_due
print("ready", flush=True)
while True:
    deliver_due()
    time.sleep(0.01)
"""


def received(receiver: RunningReceiver) -> Counter[str]:
    """How often each notice arrived, by the key of its delivery."""
    return Counter(
        notice["delivery"] for request in receiver.requests for notice in json.loads(request.body)["notices"]
    )


def test_a_storm_of_kills_loses_nothing_and_repeats_only_what_was_in_flight():
    """F01, F02"""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    dice = random.Random(seed)
    in_flight = 0
    with RunningReceiver() as receiver:
        receiver.requests = deque()
        for path in PATHS:
            make_webhook(receiver, path)
        for _ in range(KILLS):
            worker = ChildProcess([sys.executable, "-c", WORKER])
            worker.wait_for("ready")
            fire_alerts(WAVE)
            time.sleep(dice.uniform(0, 0.4))
            worker.kill()
            leased = Delivery.objects.filter(status="leased")
            in_flight += leased.count()
            leased.update(next_attempt_at=clock.now() - timedelta(seconds=1))
        deliver_due(stop_after_seconds=60)
        counts = received(receiver)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
    keys = {str(key) for key in Delivery.objects.values_list("key", flat=True)}
    assert set(counts) == keys
    assert len(keys) == KILLS * WAVE * len(PATHS)
    extra = sum(counts.values()) - len(keys)
    print(f"{KILLS} kills, {len(keys)} notices, {in_flight} in flight when killed, {extra} arrived twice")
    assert extra <= in_flight
