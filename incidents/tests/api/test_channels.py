"""/v1/channels, /v1/deliveries: who may do what, and that no secret comes out."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from incidents.models import Channel, Delivery
from incidents.services.sending import deliver_due
from incidents.testing.factories import make_alert, make_channel, make_delivery, make_ticket
from incidents.testing.receiver import RunningReceiver
from tracker import clock
from tracker.testing.factories import ApiClient, jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db
SECRET_URL = "https://hooks.slack.com/services/T0/B0/very-secret"
BODY = {"name": "ops", "kind": "slack", "url": SECRET_URL, "secret": "hush-hush", "filters": {"states": ["breach"]}}


@pytest.fixture
def admin() -> ApiClient:
    return jwt_client(make_user("admin"))


@pytest.fixture
def maintainer() -> ApiClient:
    return jwt_client(make_user("maintainer"))


def test_a_dump_of_the_database_shows_no_address_and_no_secret(admin):
    admin.post("/v1/channels", BODY)
    with connection.cursor() as cursor:
        cursor.execute("SELECT url, secret FROM incidents_channel")
        stored = cursor.fetchone()
    assert all(text.startswith("sealed:") and "very-secret" not in text and "hush" not in text for text in stored)
    channel = Channel.objects.get()
    assert (channel.url, channel.secret) == (SECRET_URL, "hush-hush")


def test_what_an_older_key_sealed_can_be_read_while_it_is_named(admin, settings):
    admin.post("/v1/channels", BODY)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another key, as long as the first one was",
    )
    assert Channel.objects.get().url == SECRET_URL
    settings.SECRET_KEY_FALLBACKS = []
    assert Channel.objects.get().url == ""


def test_an_admin_makes_reads_changes_and_deletes_a_channel(admin):
    made = admin.post("/v1/channels", BODY)
    assert made.status_code == 201, made.content
    address = made["Location"]
    shown = admin.get(address).json()
    assert (shown["url"], shown["secret"], shown["enabled"]) == ("https://hooks.slack.com:443/…", "••••••", True)
    changed = admin.patch(address, {"enabled": False, "filters": {}}, headers={"If-Match": made["ETag"]})
    assert (changed.status_code, changed.json()["enabled"], changed.json()["filters"]) == (200, False, {})
    assert admin.patch(address, {"enabled": True}, headers={"If-Match": made["ETag"]}).status_code == 412
    assert admin.delete(address).status_code == 204
    assert admin.get(address).status_code == 404
    assert admin.get("/v1/channels").json()["count"] == 0


def test_no_answer_and_no_log_line_holds_a_secret(admin):
    channel = admin.post("/v1/channels", BODY).json()["id"]
    admin.patch(f"/v1/channels/{channel}", {"secret": "another-hush"})
    test = admin.post(f"/v1/channels/{channel}/test").json()["id"]
    texts = [
        admin.get(path).content.decode()
        for path in ("/v1/channels", f"/v1/channels/{channel}", "/v1/deliveries", f"/v1/deliveries/{test}")
    ]
    assert not [text for text in texts if "very-secret" in text or "hush" in text]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"kind": "pigeon"}, "kind"),
        ({"filters": {"colour": ["red"]}}, "filters"),
        ({"muted_until": "2030-01-01T00:00:00Z"}, "muted_until"),
        ({"id": 7}, "id"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_or_read_only_field_is_named(admin, change, field):
    answer = admin.post("/v1/channels", BODY | change)
    assert answer.status_code == 400
    assert field in {detail["field"] for detail in answer.json()["error"]["details"]}
    assert not Channel.objects.exists()


def test_a_taken_name_is_a_conflict(admin):
    make_channel(name="ops")
    assert admin.post("/v1/channels", BODY).status_code == 409


def test_a_maintainer_reads_tests_and_mutes_but_changes_nothing(maintainer):
    address = f"/v1/channels/{make_channel().pk}"
    until = (clock.now() + timedelta(hours=1)).isoformat()
    assert maintainer.get(address).status_code == 200
    assert maintainer.post(f"{address}/test").status_code == 202
    assert maintainer.post(f"{address}/mute", {"until": until}).json()["muted_until"] is not None
    assert maintainer.post(f"{address}/mute", {"until": None}).json()["muted_until"] is None
    assert maintainer.post(f"{address}/mute", {"until": "2020-01-01T00:00:00Z"}).status_code == 400
    assert maintainer.post("/v1/channels", BODY).status_code == 403
    assert maintainer.patch(address, {"enabled": False}).status_code == 403
    assert maintainer.delete(address).status_code == 403


@pytest.mark.parametrize("path", ["/v1/channels", "/v1/deliveries"])
def test_reporters_tokens_and_strangers_see_neither_channels_nor_deliveries(path):
    make_delivery(make_channel())
    assert jwt_client(make_user("reporter")).get(path).status_code == 403
    assert token_client("read", "ack").get(path).status_code == 403
    assert ApiClient().get(path).status_code == 401


def test_a_test_message_is_followed_by_its_delivery(maintainer):
    with RunningReceiver() as receiver:
        channel = make_channel(url=receiver.url("/slack/ok"))
        answer = maintainer.post(f"/v1/channels/{channel.pk}/test")
        deliver_due()
    delivery = maintainer.get(answer["Location"]).json()
    assert (delivery["status"], delivery["notice"], delivery["attempts"]) == ("sent", "test", 1)


def test_a_dead_delivery_is_retried_once(maintainer):
    row = make_delivery(make_channel(), make_alert(make_ticket()), status="dead", next_attempt_at=None)
    address = f"/v1/deliveries/{row.pk}/retry"
    assert jwt_client(make_user("reporter")).post(address).status_code == 403
    assert maintainer.post(address).json()["status"] == "pending"
    assert maintainer.post(address).status_code == 409
    assert Delivery.objects.get().key == row.key


def test_deliveries_are_listed_with_filters_in_a_fixed_number_of_queries(maintainer, django_assert_max_num_queries):
    alert = make_alert(make_ticket(external_id="INC-1"))
    first, second = make_channel(name="first"), make_channel(name="second")
    for channel in (first, second):
        make_delivery(channel, alert)
    for _ in range(10):
        make_delivery(first, make_alert(make_ticket()), status="dead")
    with django_assert_max_num_queries(6):
        everything = maintainer.get("/v1/deliveries").json()
    assert everything["count"] == 12
    for query, count in (
        ("status=dead", 10),
        ("channel=second", 1),
        ("ticket_id=INC-1", 2),
        (f"alert_id={alert.pk}", 2),
    ):
        assert maintainer.get(f"/v1/deliveries?{query}").json()["count"] == count, query
    assert maintainer.get("/v1/deliveries?status=lost").status_code == 400


def test_channels_are_listed_in_a_fixed_number_of_queries(maintainer, django_assert_max_num_queries):
    for _ in range(10):
        make_channel()
    make_channel(name="broken", broken_at=clock.now(), is_enabled=False)
    with django_assert_max_num_queries(6):
        assert maintainer.get("/v1/channels").json()["count"] == 11
    assert [c["name"] for c in maintainer.get("/v1/channels?is_broken=true").json()["results"]] == ["broken"]
    assert maintainer.get("/v1/channels?enabled=true&kind=slack").json()["count"] == 10
    assert "very-secret" not in json.dumps(maintainer.get("/v1/channels").json())
