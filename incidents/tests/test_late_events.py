"""Events that arrive late: what turns out not to have been due is withdrawn, what is due after all is told again."""

import pytest

from incidents.models import Alert, Channel, Clock, Delivery
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audits import audit
from incidents.testing.factories import make_channel
from incidents.testing.ticket_events import at, ingest, make_event
from tracker.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def channel() -> Channel:
    """Somebody who is told."""
    return make_channel(name="ops", kind="webhook")


def resolution_alerts() -> list[tuple[float, str, int]]:
    found = Alert.objects.filter(kind="resolution").order_by("percent")
    return [(float(alert.percent), alert.state, alert.round) for alert in found]


def deliveries() -> list[tuple[float, str, int, str]]:
    found = Delivery.objects.filter(alert__kind="resolution").order_by("alert__percent", "id").select_related("alert")
    return [(float(row.alert.percent), row.notice, row.round, row.status) for row in found if row.alert]


def mark_sent() -> None:
    Delivery.objects.filter(status="pending").update(status="sent", next_attempt_at=None, attempts=1, sent_at=at(0))


def test_a_late_pause_withdraws_what_was_never_due_and_says_so(move_clock):
    ingest(make_event(status="active"))
    move_clock(to=at(200))
    sweep_due_clocks()
    mark_sent()
    assert resolution_alerts() == [(85, "firing", 1), (100, "firing", 1)]
    receipt = ingest(make_event(status="waiting", minutes=160)).receipts[0]
    assert receipt.word == "updated"
    assert resolution_alerts() == [(85, "firing", 1), (100, "withdrawn", 1)]
    assert deliveries() == [
        (85, "fired", 1, "sent"), (100, "fired", 1, "sent"), (100, "withdrawn", 1, "pending"),
    ]  # fmt: skip
    assert Event.objects.filter(verb="alert.withdrawn").count() == 1
    assert Alert.objects.get(kind="resolution", percent=100).withdrawn_at == at(200)
    assert audit() == []


def test_what_is_reinstated_is_told_again_in_a_next_round(move_clock):
    ingest(make_event(status="active"))
    move_clock(to=at(200))
    sweep_due_clocks()
    mark_sent()
    ingest(make_event(status="waiting", minutes=160))
    ingest(make_event(status="active", minutes=161))
    move_clock(to=at(205))
    sweep_due_clocks()
    assert resolution_alerts() == [(85, "firing", 1), (100, "firing", 2)]
    assert Alert.objects.get(kind="resolution", percent=100).crossed_at == at(181)
    assert [row for row in deliveries() if row[2] == 2] == [(100, "fired", 2, "pending")]
    assert Alert.objects.filter(kind="resolution").count() == 2, "an alert is never doubled and never deleted"
    assert audit() == []


def test_a_message_that_has_not_gone_out_yet_is_overtaken(move_clock):
    ingest(make_event(status="active"))
    move_clock(to=at(160))
    sweep_due_clocks()
    ingest(make_event(status="resolved", minutes=10))
    assert resolution_alerts() == [(85, "withdrawn", 1)]
    assert ("fired", "cancelled") in {(row[1], row[3]) for row in deliveries()}
    sweep_due_clocks()
    assert Clock.objects.get(kind="resolution").verdict == "met"


def test_a_stop_resolves_what_is_firing_and_keeps_it(move_clock):
    ingest(make_event(status="active"))
    move_clock(to=at(200))
    sweep_due_clocks()
    mark_sent()
    ingest(make_event(status="resolved", minutes=190))
    assert resolution_alerts() == [(85, "resolved", 1), (100, "resolved", 1)]
    assert [row[:2] for row in deliveries() if row[3] == "pending"] == [(85, "resolved"), (100, "resolved")]
    assert Clock.objects.get(kind="resolution").verdict == "breached"
    assert audit() == []


def test_a_late_reopening_takes_the_stop_back_without_telling_anything_twice(move_clock):
    ingest(make_event(status="active"))
    move_clock(to=at(200))
    sweep_due_clocks()
    ingest(make_event(status="resolved", minutes=195, sequence=2))
    ingest(make_event(status="active", minutes=195, sequence=3))
    cycles = Clock.objects.filter(kind="resolution").order_by("cycle")
    assert [(clock.cycle, clock.state) for clock in cycles] == [(1, "stopped"), (2, "running")]
    sweep_due_clocks()
    assert resolution_alerts() == [(85, "resolved", 1), (100, "resolved", 1)]
    assert audit() == []


def test_a_cycle_that_never_was_is_void_and_its_alerts_are_withdrawn(move_clock):
    move_clock(to=at(1000))
    ingest(make_event(status="resolved", minutes=10), make_event(status="active", minutes=20))
    sweep_due_clocks()
    assert Alert.objects.filter(cycle=2).count() == 2
    # What is reopened and resolved at one moment was never reopened.
    ingest(make_event(status="resolved", minutes=20, sequence=1))
    assert Clock.objects.get(kind="resolution", cycle=2).state == "void"
    assert set(Alert.objects.filter(cycle=2).values_list("state", flat=True)) == {"withdrawn"}
    ingest(make_event(status="active", minutes=30))
    assert Clock.objects.get(kind="resolution", cycle=2).started_at == at(30)
    sweep_due_clocks()
    assert set(Alert.objects.filter(cycle=2).values_list("state", "round")) == {("firing", 2)}
    assert audit() == []


def test_a_breach_is_not_healed_by_a_pause_or_a_lower_priority_after_it(move_clock):
    ingest(make_event(status="active"))
    move_clock(to=at(200))
    sweep_due_clocks()
    ingest(make_event(status="waiting", minutes=190), make_event(status="active", minutes=195, priority="low"))
    sweep_due_clocks()
    assert resolution_alerts() == [(85, "firing", 1), (100, "firing", 1)]
    assert Clock.objects.get(kind="resolution").due_at == at(180)
    ingest(make_event(status="resolved", minutes=199, priority="low"))
    assert Clock.objects.get(kind="resolution").verdict == "breached"


def test_what_was_crossed_long_ago_is_recorded_and_rings_no_bells(move_clock):
    move_clock(to=at(60 * 24 * 10))
    ingest(make_event())
    sweep_due_clocks()
    assert resolution_alerts() == [(85, "firing", 1), (100, "firing", 1)]
    assert Delivery.objects.count() == 0
