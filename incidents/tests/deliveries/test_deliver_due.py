"""Sending what is due, against real receivers."""

import json
import time
from datetime import timedelta
from itertools import pairwise

import pytest

from incidents.choices import Notice
from incidents.models import Channel, Delivery
from incidents.services.deliveries import retry_delivery, route_alerts
from incidents.services.delivery_results import wait_seconds
from incidents.services.sending import deliver_due
from incidents.testing.factories import make_channel, make_delivery
from incidents.testing.outbox import count_by_status, fire_alerts, make_webhook, pull_forward
from incidents.testing.smtp_stub import SMTPStub
from tracker import clock
from tracker.access import Actor
from tracker.models import Event

pytestmark = [pytest.mark.django_db, pytest.mark.attack]
SYSTEM = Actor.system("test")


def keys(requests) -> list[str]:
    return [request.idempotency_key for request in requests]


def test_an_alert_reaches_each_channel_once_under_the_key_of_its_delivery(receiver):
    slack, hook = make_webhook(receiver, "/slack/ok"), make_webhook(receiver)
    fire_alerts()
    report = deliver_due()
    assert (report.attempts, report.finished) == (2, 2)
    for channel, path in ((slack, "/slack/ok"), (hook, "/webhook/ok")):
        delivery = Delivery.objects.get(channel=channel)
        assert (delivery.status, delivery.attempts, delivery.response_status) == ("sent", 1, 200)
        assert delivery.sent_at is not None
        assert keys(receiver.sent_to(path)) == [str(delivery.key)]
    assert deliver_due().attempts == 0
    assert len(receiver.requests) == 2


def test_the_message_tells_the_facts_of_the_alert(receiver):
    make_webhook(receiver)
    (alert,) = fire_alerts()
    deliver_due()
    (notice,) = json.loads(receiver.requests[0].body)["notices"]
    assert notice["ticket_id"] == alert.ticket.external_id
    assert notice["details"] == {"elapsed_minutes": 153, "target_minutes": 180, "percent_used": 85}
    assert notice["link"].endswith(f"/admin/incidents/ticket/{alert.ticket_id}/change/")


def test_nothing_due_costs_few_statements(django_assert_max_num_queries):
    make_channel()
    with django_assert_max_num_queries(8):
        assert deliver_due().attempts == 0


def test_a_failing_receiver_is_tried_again_later_with_the_same_key(receiver):
    """F27, the first part."""
    channel = make_webhook(receiver, "/webhook/flaky?until=2")
    fire_alerts()
    deliver_due()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) in {
        ("pending", "the receiver answered 500"),
        ("sent", ""),
    }
    for _ in range(3):
        pull_forward()
        deliver_due()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sent", 3)
    assert set(keys(receiver.requests)) == {str(delivery.key)}
    channel.refresh_from_db()
    assert channel.consecutive_failures == 0
    assert channel.last_failure_at is not None
    assert channel.last_success_at is not None


def test_a_receiver_that_fails_for_five_minutes_is_asked_at_most_twenty_times_and_then_told_within_a_minute(
    receiver, move_clock
):
    """F27 on a moved clock: one look a second, as a worker would."""
    channel = make_webhook(receiver)
    receiver.override["/webhook/ok"] = "500"
    fire_alerts(3)
    start = clock.now()
    for second in range(300):
        move_clock(to=start + timedelta(seconds=second))
        deliver_due(stop_after_seconds=0.01)
    attempts = {key: keys(receiver.requests).count(key) for key in keys(receiver.requests)}
    assert len(attempts) == 3
    assert max(attempts.values()) <= 20
    receiver.override.clear()
    for second in range(300, 361):
        move_clock(to=start + timedelta(seconds=second))
        deliver_due(stop_after_seconds=0.01)
    assert count_by_status(channel) == {"sent": 3}


def test_waits_grow_to_a_minute_then_to_a_quarter_of_an_hour_and_a_day_is_used_up():
    assert [wait_seconds(n, jitter=1) for n in (1, 2, 3, 6, 7, 20)] == [1, 2, 4, 32, 60, 60]
    assert wait_seconds(500, jitter=1) == 900
    assert wait_seconds(7, jitter=0) == 30
    assert sum(wait_seconds(n, jitter=0) for n in range(1, 21)) <= 900
    soonest = [sum(wait_seconds(k, jitter=0) for k in range(1, n)) for n in range(1, 40)]
    assert sum(moment <= 300 for moment in soonest) <= 20


def test_after_a_day_of_failures_a_delivery_is_dead_and_an_operator_is_told(receiver):
    channel = make_webhook(receiver, "/webhook/500", name="failing")
    other = make_webhook(receiver, name="healthy")
    fire_alerts()
    Delivery.objects.filter(channel=channel).update(attempts=30, created_at=clock.now() - timedelta(hours=25))
    deliver_due()
    assert count_by_status(channel) == {"dead": 1}
    assert Event.objects.filter(verb="delivery.dead").count() == 1
    (notice,) = Delivery.objects.filter(notice=Notice.DEAD_LETTER)
    assert notice.channel == other
    assert "failing" in notice.payload["text"]


def test_a_delivery_that_stood_still_for_days_still_gets_its_attempts(receiver):
    channel = make_webhook(receiver, "/webhook/500")
    fire_alerts()
    Delivery.objects.update(created_at=clock.now() - timedelta(days=3))
    deliver_due(limit=1)
    assert count_by_status(channel) == {"pending": 1}


def test_retry_after_holds_the_whole_channel_back(receiver):
    """F28: nothing earlier than asked, and then one message a second."""
    channel = make_webhook(receiver, "/slack/429?after=2")
    fire_alerts(3)
    started = time.monotonic()
    deliver_due(stop_after_seconds=1)
    assert len(receiver.requests) == 1
    receiver.override["/slack/429"] = "ok"
    while count_by_status(channel) != {"sent": 3} and time.monotonic() - started < 15:
        deliver_due(stop_after_seconds=3)
        time.sleep(0.05)
    moments = [request.received_at for request in receiver.requests]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert gaps[0] >= 2
    assert min(gaps[1:]) >= 1
    assert len(gaps) == 3


def test_a_flood_to_slack_becomes_digests_that_name_every_ticket(receiver):
    channel = make_webhook(receiver, "/slack/ok")
    alerts = fire_alerts(150)
    deliver_due(stop_after_seconds=5)
    assert count_by_status(channel) == {"sent": 150}
    assert len(receiver.requests) == 2
    bodies = "".join(request.body for request in receiver.requests)
    assert all(alert.ticket.external_id in bodies for alert in alerts)
    leads = Delivery.objects.filter(digest_of=None)
    assert sorted(keys(receiver.requests)) == sorted(str(lead.key) for lead in leads)
    assert {lead.folded.count() for lead in leads} == {99, 49}


def test_a_digest_that_failed_is_repeated_as_it_was(receiver):
    make_webhook(receiver, "/slack/ok")
    receiver.override["/slack/ok"] = "500"
    fire_alerts(20)
    deliver_due(limit=1)
    fire_alerts(20)
    receiver.override.clear()
    pull_forward()
    deliver_due(limit=1)
    first, second = receiver.requests
    assert first.idempotency_key == second.idempotency_key
    assert first.body == second.body


def test_a_channel_that_hangs_delays_no_other(receiver, monkeypatch):
    """F29: one of five hangs; what the others get, they get within two seconds, also what comes later."""
    monkeypatch.setattr("incidents.services.outbox.DEADLINE_SECONDS", 1.5)
    hanging = make_webhook(receiver, "/webhook/hang")
    for number in range(4):
        make_webhook(receiver, f"/webhook/{number}/ok")
    fire_alerts(10)
    started = time.monotonic()
    deliver_due(stop_after_seconds=1.4)
    assert time.monotonic() - started < 6
    sent = Delivery.objects.filter(status="sent")
    assert sent.count() == 40
    assert max((row.sent_at - row.created_at).total_seconds() for row in sent) < 2
    assert "sent" not in count_by_status(hanging)
    hanging.refresh_from_db()
    assert hanging.last_error == "no answer within 1.5 seconds"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/webhook/reset", "connection reset"), ("/webhook/redirect", "the receiver answered 302, a redirect")],
)
def test_a_broken_answer_is_retried_with_its_reason(receiver, path, reason):
    """F31, F33."""
    make_webhook(receiver, path)
    fire_alerts()
    deliver_due(limit=1)
    delivery = Delivery.objects.get()
    assert delivery.status == "pending"
    assert delivery.last_error.startswith(reason)


@pytest.mark.parametrize("url", ["https://no-such-name.invalid/secret", "http://127.0.0.1:1025/secret"])
def test_a_receiver_that_cannot_be_reached_is_retried_and_its_secret_kept(url):
    """F31."""
    channel = make_channel(kind="webhook", url=url)
    fire_alerts()
    deliver_due(limit=1)
    delivery = Delivery.objects.get()
    channel.refresh_from_db()
    assert delivery.status == "pending"
    assert delivery.last_error
    assert "secret" not in delivery.last_error + channel.last_error


@pytest.mark.parametrize("status", [404, 410])
def test_a_receiver_that_is_gone_kills_at_once_and_the_operator_hears_of_it_once(receiver, status):
    """F32."""
    gone = make_webhook(receiver, f"/webhook/{status}", name="gone")
    make_webhook(receiver, "/webhook/healthy/ok")
    fire_alerts(5)
    deliver_due()
    assert count_by_status(gone) == {"dead": 5}
    assert len(receiver.sent_to(f"/webhook/{status}")) == 5
    assert Event.objects.filter(verb="channel.broken").count() == 1
    told = [request for request in receiver.sent_to("/webhook/healthy/ok") if "dead_letter" in request.body]
    assert len(told) == 1
    gone.refresh_from_db()
    assert gone.broken_at is not None


def test_a_channel_that_works_again_is_told_of_anew_when_it_breaks_again(receiver):
    gone = make_webhook(receiver, "/webhook/404")
    make_webhook(receiver, "/webhook/healthy/ok")
    for behaviour in ("404", "ok", "404"):
        receiver.override["/webhook/404"] = behaviour
        fire_alerts()
        deliver_due()
        gone.refresh_from_db()
        assert (gone.broken_at is not None) == (behaviour == "404")
    assert Event.objects.filter(verb="channel.broken").count() == 2


def test_a_message_that_is_refused_for_its_content_does_not_condemn_the_channel(receiver):
    channel = make_webhook(receiver, "/webhook/400")
    fire_alerts()
    deliver_due()
    assert count_by_status(channel) == {"dead": 1}
    channel.refresh_from_db()
    assert (channel.broken_at, channel.consecutive_failures) == (None, 0)


def test_an_address_in_the_house_is_dead_on_send(settings):
    """A15: the address was allowed when it was saved, and is not any more."""
    settings.OUTGOING_ALLOWED_NETWORKS = []
    channel = make_channel(kind="webhook", url="http://10.0.0.1:8080/secret")
    fire_alerts()
    deliver_due()
    delivery = Delivery.objects.get()
    assert count_by_status(channel) == {"dead": 1}
    assert delivery.last_error == "10.0.0.1 is not an address of the public internet"


def test_a_dead_delivery_is_taken_up_again_with_the_same_key(receiver):
    make_webhook(receiver, "/webhook/404")
    fire_alerts()
    deliver_due()
    dead = Delivery.objects.get()
    receiver.override["/webhook/404"] = "ok"
    retry_delivery(actor=SYSTEM, delivery=dead)
    deliver_due()
    dead.refresh_from_db()
    assert dead.status == "sent"
    assert keys(receiver.requests) == [str(dead.key)] * 2


@pytest.mark.parametrize("notice", [Notice.RESOLVED, Notice.WITHDRAWN])
def test_while_fired_is_retried_its_outcome_replaces_it(receiver, notice):
    """F35."""
    make_webhook(receiver)
    receiver.override["/webhook/ok"] = "500"
    (alert,) = fire_alerts()
    deliver_due(limit=1)
    route_alerts([alert.pk], notice=notice)
    receiver.override.clear()
    pull_forward()
    deliver_due()
    pull_forward()
    deliver_due()
    told = [json.loads(r.body)["notices"][0]["notice"] for r in receiver.requests if r.answered == 200]
    assert told == [notice]


def test_an_outcome_waits_for_a_fired_that_is_under_way(receiver):
    """F35: leased by another worker, which then fails."""
    channel = make_webhook(receiver)
    (alert,) = fire_alerts()
    fired = Delivery.objects.get()
    in_a_minute = clock.now() + timedelta(minutes=1)
    Delivery.objects.filter(pk=fired.pk).update(
        status="leased", lease=fired.key, attempts=1, next_attempt_at=in_a_minute, leased_until=in_a_minute
    )
    route_alerts([alert.pk], notice=Notice.RESOLVED)
    assert deliver_due().attempts == 0
    Delivery.objects.filter(pk=fired.pk).update(next_attempt_at=clock.now())
    for _ in range(2):
        pull_forward(channel)
        deliver_due()
    told = [json.loads(request.body)["notices"][0]["notice"] for request in receiver.requests]
    assert told == ["fired", "resolved"]


@pytest.mark.parametrize(
    ("behaviour", "status", "reason"),
    [
        ("421", "pending", "SMTP 421: refused"),
        ("550", "dead", "SMTP 550: refused"),
        ("hang_after_data", "pending", "no answer within 0.5 seconds"),
    ],
)
def test_mail_is_retried_or_dead_as_the_server_says_under_one_message_id(
    settings, monkeypatch, behaviour, status, reason
):
    """F37."""
    monkeypatch.setattr("incidents.services.outbox.DEADLINE_SECONDS", 0.5)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    make_channel(kind="email", url="ops@example.com")
    fire_alerts()
    with SMTPStub(behaviour) as stub:
        settings.EMAIL_HOST, settings.EMAIL_PORT = stub.server.host, stub.server.port
        deliver_due(limit=1)
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.last_error) == (status, reason)
        stub.behaviour = "ok"
        pull_forward()
        deliver_due(limit=1)
    if status == "pending":
        delivery.refresh_from_db()
        assert delivery.status == "sent"
        assert {letter["Message-ID"].partition("@")[0] for letter in stub.messages} == {f"<{delivery.key}"}


def test_an_address_that_cannot_be_read_leaves_the_others_alone(receiver):
    channel = make_webhook(receiver)
    strange = make_webhook(receiver)
    Channel.objects.filter(pk=strange.pk).update(url="http://[")
    fire_alerts()
    deliver_due()
    assert count_by_status(strange) == {"dead": 1}
    assert count_by_status(channel) == {"sent": 2}  # the alert, and that the other channel is broken


def test_a_row_of_which_no_message_can_be_made_leaves_the_others_alone(receiver, caplog):
    channel = make_webhook(receiver)
    strange = make_delivery(channel, notice=Notice.TEST, payload={"nonsense": 1})
    fire_alerts()
    deliver_due(limit=2)
    assert count_by_status(channel) == {"pending": 1, "sent": 1}
    strange.refresh_from_db()
    assert strange.last_error == "internal error: KeyError"
