"""`manage.py deliver` and the sweep: other doors to the same call."""

import io

import pytest
from django.core.management import call_command

from incidents.models import Delivery
from incidents.sweeps import deliver
from incidents.testing.outbox import fire_alerts, make_webhook
from tracker.models import SweepHeartbeat

pytestmark = pytest.mark.django_db


def test_the_command_sends_what_is_due_and_says_so(receiver):
    make_webhook(receiver)
    fire_alerts(3)
    out = io.StringIO()
    call_command("deliver", "--seconds", "5", stdout=out)
    assert out.getvalue() == "3 attempts made, 3 deliveries dealt with.\n"


def test_the_sweep_sends_what_is_due_and_leaves_a_heartbeat(receiver):
    make_webhook(receiver)
    fire_alerts(2)
    assert deliver() == 2
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
    assert SweepHeartbeat.objects.get(name="deliver").rows == 2
