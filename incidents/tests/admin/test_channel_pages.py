"""Channels and deliveries: written by admins, used by maintainers, and their secrets seen by nobody."""

from typing import Any

import pytest
from django.test import Client

from incidents.models import Channel, Delivery
from incidents.testing.factories import make_channel, make_delivery
from tracker.models import Event

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/channel/"
DELIVERIES = "/admin/incidents/delivery/"
SECRET = "T0/B0/the-secret-part"
URL = f"http://127.0.0.1:8765/services/{SECRET}"
FORM: dict[str, Any] = {"name": "ops", "kind": "slack", "is_enabled": "on", "url": URL, "secret": "", "min_level": ""}


def page_of(channel: Channel, rest: str = "change/") -> str:
    return f"{LIST}{channel.pk}/{rest}"


def test_an_admin_adds_a_channel_and_its_address_is_never_seen_again(admin_client: Client):
    admin_client.post(f"{LIST}add/", FORM | {"states": ["breach"], "tiers": "gold, silver", "min_level": "2"})
    channel = Channel.objects.get(name="ops")
    assert channel.url == URL
    assert channel.filters == {"states": ["breach"], "tiers": ["gold", "silver"], "min_level": 2}
    for address in (LIST, page_of(channel), page_of(channel, "history/"), page_of(channel, "delete/"), "/admin/"):
        assert SECRET not in admin_client.get(address).content.decode()
    assert "breach; tiers gold, silver; level 2 and up" in admin_client.get(LIST).content.decode()


def test_what_was_typed_is_not_echoed_by_a_refusal(admin_client: Client):
    answer = admin_client.post(f"{LIST}add/", FORM | {"name": "", "secret": "hush-hush"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert SECRET not in page
    assert "hush-hush" not in page


def test_a_refused_address_is_told_at_its_field(admin_client: Client):
    answer = admin_client.post(f"{LIST}add/", FORM | {"url": "http://169.254.169.254/latest"})
    assert "url" in answer.context["adminform"].form.errors
    assert not Channel.objects.exists()


def test_an_edit_without_address_and_secret_keeps_them(admin_client: Client):
    channel = make_channel(name="old", url=URL, secret="hush", kind="webhook")
    admin_client.post(page_of(channel), FORM | {"name": "new", "kind": "webhook", "url": ""})
    channel.refresh_from_db()
    assert (channel.name, channel.url, channel.secret) == ("new", URL, "hush")
    event = Event.objects.get(verb="channel.updated")
    assert "hush" not in str((event.before, event.after, event.data))


def test_a_test_mute_and_unmute_go_through_the_services(maintainer_client: Client):
    channel = make_channel(url=URL)
    maintainer_client.post(page_of(channel, "test/"))
    assert Delivery.objects.get(channel=channel).notice == "test"
    maintainer_client.post(page_of(channel, "mute/"), {"hours": "4"})
    assert "Muted" in maintainer_client.get(LIST).content.decode()
    maintainer_client.post(page_of(channel, "unmute/"))
    channel.refresh_from_db()
    assert channel.muted_until is None
    verbs = set(Event.objects.filter(object_type="channel").values_list("verb", flat=True))
    assert verbs == {"channel.tested", "channel.muted", "channel.unmuted"}


def test_a_deleted_channel_is_gone_and_its_deliveries_stay(admin_client: Client):
    channel = make_channel(url=URL)
    delivery = make_delivery(channel)
    admin_client.post(page_of(channel, "delete/"), {"post": "yes"})
    channel.refresh_from_db()
    assert (channel.url, channel.deleted_at is not None) == ("", True)
    assert page_of(channel) not in admin_client.get(LIST).content.decode()
    assert admin_client.get(f"{DELIVERIES}{delivery.pk}/change/").status_code == 200


def test_a_maintainer_edits_no_channel(maintainer_client: Client):
    channel = make_channel(url=URL)
    page = maintainer_client.get(page_of(channel)).content.decode()
    assert SECRET not in page
    assert "Send a test" in page
    for rest in ("change/", "delete/"):
        assert maintainer_client.post(page_of(channel, rest), FORM | {"post": "yes"}).status_code == 403
    assert maintainer_client.post(f"{LIST}add/", FORM).status_code == 403
    assert not Event.objects.filter(verb__startswith="channel.").exists()


def test_a_dead_delivery_is_tried_again_and_no_other(maintainer_client: Client):
    channel = make_channel(url=URL)
    dead, sent = make_delivery(channel, status="dead", attempts=9), make_delivery(channel, status="sent")
    assert "Try again" in maintainer_client.get(f"{DELIVERIES}{dead.pk}/change/").content.decode()
    for delivery in (dead, sent):
        maintainer_client.post(f"{DELIVERIES}{delivery.pk}/retry/")
    dead.refresh_from_db()
    sent.refresh_from_db()
    assert (dead.status, dead.attempts, sent.status) == ("pending", 0, "sent")
    assert Event.objects.filter(verb="delivery.retried").count() == 1


def test_ticked_deliveries_are_tried_again_all_or_none(maintainer_client: Client):
    channel = make_channel(url=URL)
    dead, sent = make_delivery(channel, status="dead"), make_delivery(channel, status="sent")
    maintainer_client.post(DELIVERIES, {"action": "retry", "_selected_action": [dead.pk, sent.pk], "index": 0})
    dead.refresh_from_db()
    assert dead.status == "dead"
    maintainer_client.post(DELIVERIES, {"action": "retry", "_selected_action": [dead.pk], "index": 0})
    dead.refresh_from_db()
    assert dead.status == "pending"


def test_deliveries_are_found_by_status_channel_and_number(maintainer_client: Client):
    channel = make_channel(url=URL)
    dead, _ = make_delivery(channel, status="dead"), make_delivery(make_channel(), status="sent")
    for query in ("?status=dead", f"?channel={channel.pk}", f"?q={dead.pk}"):
        rows = maintainer_client.get(DELIVERIES + query).context["cl"].result_list
        assert [row.pk for row in rows] == [dead.pk]
    assert SECRET not in maintainer_client.get(DELIVERIES).content.decode()
