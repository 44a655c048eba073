"""What people do with channels, and who may."""

from datetime import timedelta

import pytest

from incidents.models import Channel, Delivery
from incidents.services.channels import (
    create_channel,
    delete_channel,
    ensure_configured_channel,
    mask_address,
    mute_channel,
    send_test,
    update_channel,
)
from incidents.services.deliveries import retry_delivery
from incidents.services.sending import deliver_due
from incidents.testing.factories import make_channel, make_delivery
from incidents.testing.outbox import count_by_status, fire_alerts, make_webhook, pull_forward
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, NotAuthenticated, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_user
from tracker.testing.forbidden_urls import FORBIDDEN_URLS

pytestmark = pytest.mark.django_db
SECRET_URL = "https://hooks.slack.com/services/T0/B0/very-secret"


def actor(role: str = Role.ADMIN) -> Actor:
    return Actor.of_user(make_user(role))


def fields_at_fault(error) -> set[str]:
    return {detail.field for detail in error.value.details}


def test_an_admin_creates_a_channel_and_the_log_keeps_its_secrets():
    someone = actor()
    channel = create_channel(actor=someone, name="ops", kind="slack", url=SECRET_URL, secret="hush")
    assert (channel.url, channel.secret) == (SECRET_URL, "hush")
    event = Event.objects.get(verb="channel.created")
    assert event.actor == someone.user
    assert event.after == {"name": "ops", "kind": "slack", "url": "••••••", "secret": "••••••"}
    assert mask_address(channel) == "https://hooks.slack.com:443/…"


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER])
def test_only_an_admin_makes_changes_and_deletes_channels(role):
    channel = make_channel()
    for attempt in (
        lambda: create_channel(actor=actor(role), name="x", kind="slack", url=SECRET_URL),
        lambda: update_channel(actor=actor(role), channel=channel, name="x"),
        lambda: delete_channel(actor=actor(role), channel=channel),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    with pytest.raises(NotAuthenticated):
        create_channel(actor=Actor(), name="x", kind="slack", url=SECRET_URL)
    assert Channel.objects.get().name == channel.name


def test_a_reporter_neither_tests_nor_mutes_nor_retries():
    channel = make_channel()
    for attempt in (
        lambda: send_test(actor=actor(Role.REPORTER), channel=channel),
        lambda: mute_channel(actor=actor(Role.REPORTER), channel=channel, until=None),
        lambda: retry_delivery(actor=actor(Role.REPORTER), delivery=make_delivery(channel, status="dead")),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_an_address_in_the_house_is_refused_on_save(settings, url):
    """A15"""
    settings.OUTGOING_ALLOWED_NETWORKS = []
    with pytest.raises(InvalidInput) as error:
        create_channel(actor=Actor.system("test"), name="x", kind="webhook", url=url.replace("{port}", "8080"))
    assert fields_at_fault(error) == {"url"}


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({}, {"name", "kind", "url"}),
        ({"name": "x" * 61, "kind": "pigeon", "url": SECRET_URL}, {"name", "kind"}),
        ({"name": "a,b", "kind": "slack", "url": 7}, {"name", "url"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "owner": 1, "id": 2}, {"owner", "id"}),
        ({"name": "x", "kind": "email", "url": "ops@example.com, nobody"}, {"url"}),
        ({"name": "x", "kind": "email", "url": "a@b.example\r\nBcc: c@d.example"}, {"url"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "filters": []}, {"filters"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "filters": {"colour": []}}, {"filters"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "filters": {"states": ["ok"]}}, {"filters"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "filters": {"states": [[]]}}, {"filters"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "filters": {"tiers": "gold"}}, {"filters"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "filters": {"min_level": True}}, {"filters"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "is_enabled": "yes"}, {"is_enabled"}),
        ({"name": "x", "kind": "slack", "url": SECRET_URL, "secret": "a\nb"}, {"secret"}),
    ],
)
def test_every_field_at_fault_is_named_and_nothing_is_saved(fields, at_fault):
    with pytest.raises(InvalidInput) as error:
        create_channel(actor=Actor.system("test"), **fields)
    assert fields_at_fault(error) == at_fault
    assert not Channel.objects.exists()


def test_a_name_is_taken_once():
    make_channel(name="ops")
    with pytest.raises(Conflict):
        create_channel(actor=Actor.system("test"), name="ops", kind="slack", url=SECRET_URL)


@pytest.mark.parametrize("end", ["disable", "delete"])
def test_what_waits_for_a_channel_that_goes_is_cancelled_and_nothing_is_sent(receiver, end):
    """F34"""
    channel = make_webhook(receiver)
    fire_alerts(100)
    if end == "disable":
        update_channel(actor=actor(), channel=channel, is_enabled=False)
    else:
        delete_channel(actor=actor(), channel=channel)
    assert count_by_status(channel) == {"cancelled": 100}
    assert Event.objects.filter(verb="delivery.cancelled", object_type="delivery").count() == 100
    pull_forward()
    deliver_due()
    fire_alerts()
    deliver_due()
    assert not receiver.requests


def test_what_a_lost_worker_held_of_a_channel_that_went_is_cancelled_too(receiver):
    channel = make_webhook(receiver)
    past = clock.now() - timedelta(seconds=1)
    row = make_delivery(channel, status="leased", lease="00000000-0000-0000-0000-000000000001", next_attempt_at=past)
    Channel.objects.update(is_enabled=False)
    deliver_due()
    row.refresh_from_db()
    assert (row.status, row.last_error) == ("cancelled", "the channel is off")


def test_a_deleted_channel_forgets_its_secrets_and_frees_its_name():
    channel = make_channel(name="ops", secret="hush")
    delete_channel(actor=actor(), channel=channel)
    channel.refresh_from_db()
    assert (channel.url, channel.secret, channel.is_enabled) == ("", "", False)
    assert make_channel(name="ops").pk != channel.pk
    with pytest.raises(Conflict):
        send_test(actor=actor(), channel=channel)


def test_a_new_address_gives_a_broken_channel_a_fresh_start():
    channel = make_channel(broken_at=clock.now(), consecutive_failures=9)
    update_channel(actor=actor(), channel=channel, url=SECRET_URL)
    channel.refresh_from_db()
    assert (channel.broken_at, channel.consecutive_failures) == (None, 0)
    event = Event.objects.get(verb="channel.updated")
    assert "secret" not in str(event.before) + str(event.after)


def test_a_maintainer_mutes_a_channel_for_a_while(receiver):
    channel = make_webhook(receiver)
    fire_alerts(2)
    someone = actor(Role.MAINTAINER)
    mute_channel(actor=someone, channel=channel, until=clock.now() + timedelta(hours=1))
    fire_alerts()
    deliver_due()
    assert count_by_status(channel) == {"cancelled": 3}
    mute_channel(actor=someone, channel=channel, until=None)
    fire_alerts()
    deliver_due()
    assert count_by_status(channel) == {"cancelled": 3, "sent": 1}
    assert set(Event.objects.filter(object_type="channel").values_list("verb", flat=True)) == {
        "channel.muted",
        "channel.unmuted",
    }


def test_a_mute_that_ends_in_the_past_is_refused():
    with pytest.raises(InvalidInput):
        mute_channel(actor=actor(), channel=make_channel(), until=clock.now())


def test_a_test_message_arrives_even_where_the_channel_is_muted(receiver):
    channel = make_webhook(receiver, "/slack/ok", muted_until=clock.now() + timedelta(hours=1))
    delivery = send_test(actor=actor(Role.MAINTAINER), channel=channel)
    deliver_due()
    delivery.refresh_from_db()
    assert delivery.status == "sent"
    assert "Test from Tracker" in receiver.requests[0].body


def test_a_channel_that_is_off_cannot_be_tested():
    with pytest.raises(Conflict):
        send_test(actor=actor(), channel=make_channel(is_enabled=False))
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("status", ["pending", "leased", "sent", "cancelled"])
def test_only_what_is_dead_is_retried(status):
    row = make_delivery(make_channel(), status=status)
    with pytest.raises(Conflict):
        retry_delivery(actor=actor(), delivery=row)
    row.refresh_from_db()
    assert row.status == status


def test_the_address_of_a_mailing_channel_is_masked_too():
    channel = make_channel(kind="email", url="ops@example.com, noc@example.org")
    assert mask_address(channel) == "••••••@example.com, ••••••@example.org"


def test_the_channel_of_the_environment_is_made_once_and_follows_its_address(settings):
    settings.SLACK_WEBHOOK_URL = ""
    assert ensure_configured_channel() is None
    settings.SLACK_WEBHOOK_URL = SECRET_URL
    first = ensure_configured_channel()
    update_channel(actor=actor(), channel=first, is_enabled=False, filters={"min_level": 2})
    settings.SLACK_WEBHOOK_URL = SECRET_URL + "2"
    second = ensure_configured_channel()
    assert (second.pk, second.url, second.is_enabled) == (first.pk, SECRET_URL + "2", False)
    assert second.filters == {"min_level": 2}


def test_an_address_of_the_environment_that_is_refused_stops_nothing(settings):
    settings.SLACK_WEBHOOK_URL = "http://169.254.169.254/"
    assert ensure_configured_channel() is None
    assert not Channel.objects.exists()
