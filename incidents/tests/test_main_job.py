"""The main job from end to end: an event comes in, its deadline passes, and whoever must know is told once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import Alert
from incidents.services.alerts import sweep_due_clocks
from incidents.services.sending import deliver_due
from incidents.testing.outbox import make_webhook, pull_forward
from incidents.testing.receiver import RunningReceiver
from tracker.models import Event
from tracker.testing.factories import token_client

pytestmark = pytest.mark.django_db

CREATED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVENT = {
    "id": "CASE-1",
    "priority": "high",
    "customer_tier": "gold",
    "status": "open",
    "created_at": CREATED.isoformat(),
    "updated_at": CREATED.isoformat(),
}


@pytest.fixture
def receiver() -> Iterator[RunningReceiver]:
    with RunningReceiver() as running:
        yield running


def work() -> None:
    """What beat does: sweep twice, so that a second alert would show, and deliver."""
    sweep_due_clocks()
    sweep_due_clocks()
    pull_forward()
    deliver_due()


def told() -> list[tuple[str, str, int]]:
    """The alerts as the stream tells them."""
    lines = Event.objects.filter(verb="alert.fired").order_by("pk")
    return [(line.data["sla_type"], line.data["state"], line.data["escalation_level"]) for line in lines]


def test_each_threshold_is_told_once_and_an_hour_later_nobody_is_told_again(receiver: RunningReceiver, move_clock):
    make_webhook(receiver, "/slack/ok")
    make_webhook(receiver)
    sender = token_client("ingest")
    move_clock(to=CREATED + timedelta(minutes=25.8))
    assert sender.post("/v1/tickets", EVENT).json()["sla"]["response"]["percent_used"] == 86
    work()
    assert told() == [("response", "alert", 1)]
    assert (len(receiver.sent_to("/slack/ok")), len(receiver.sent_to("/webhook/ok"))) == (1, 1)

    move_clock(to=CREATED + timedelta(minutes=30))
    work()
    assert told()[1:] == [("response", "breach", 2)]
    assert Alert.objects.get(sla_state="breach").crossed_at == CREATED + timedelta(minutes=30)
    assert (len(receiver.sent_to("/slack/ok")), len(receiver.sent_to("/webhook/ok"))) == (2, 2)

    move_clock(to=CREATED + timedelta(minutes=90))
    assert sender.post("/v1/tickets", EVENT).json()["receipt"] == "unchanged"
    work()
    assert len(told()) == 2
    assert (len(receiver.sent_to("/slack/ok")), len(receiver.sent_to("/webhook/ok"))) == (2, 2)


def test_an_answer_in_time_stops_the_clock_and_nobody_is_told(receiver: RunningReceiver, move_clock):
    make_webhook(receiver)
    sender = token_client("ingest")
    answered_at = CREATED + timedelta(minutes=20)
    move_clock(to=answered_at)
    sender.post("/v1/tickets", [EVENT, EVENT | {"status": "in progress", "updated_at": answered_at.isoformat()}])
    move_clock(to=CREATED + timedelta(minutes=40))
    work()
    assert told() == []
    assert receiver.sent_to("/webhook/ok") == []


def test_an_answer_that_is_told_late_takes_the_alert_back(receiver: RunningReceiver, move_clock):
    make_webhook(receiver)
    sender = token_client("ingest")
    move_clock(to=CREATED + timedelta(minutes=26))
    sender.post("/v1/tickets", EVENT)
    work()
    answered = EVENT | {"status": "in progress", "updated_at": (CREATED + timedelta(minutes=20)).isoformat()}
    assert sender.post("/v1/tickets", answered).json()["receipt"] == "updated"
    work()
    assert list(Alert.objects.values_list("state", flat=True)) == ["withdrawn"]
    assert len(receiver.sent_to("/webhook/ok")) == 2
