"""POST /v1/tickets: events in, receipts out, and every fault named with nothing written."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from incidents.models import Clock, Ticket, TicketEvent
from tracker.models import Event
from tracker.testing.factories import ApiClient, jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db

START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)


@pytest.fixture(autouse=True)
def _ten_minutes_later(move_clock) -> None:
    """Whenever in the run these tests come, it is ten minutes after the events began."""
    move_clock(to=START + timedelta(minutes=10))


def event(number: int = 1, *, minute: int = 0, **changes: object) -> dict[str, object]:
    return {
        "id": f"T{number}",
        "priority": "high",
        "created_at": START.isoformat(),
        "updated_at": (START + timedelta(minutes=minute)).isoformat(),
        "status": "open",
        "customer_tier": "gold",
        **changes,
    }


@pytest.fixture
def sender() -> ApiClient:
    return token_client("ingest", "read")


def detail_of(answer) -> dict[str, object]:
    assert answer.status_code == 400, answer.content
    return answer.json()["error"]["details"][0]


def test_a_single_event_is_answered_with_its_ticket_its_sla_and_a_receipt(sender: ApiClient):
    answer = sender.post("/v1/tickets", event())
    assert answer.status_code == 200
    body = answer.json()
    wanted = {"id": "T1", "priority": "high", "customer_tier": "gold", "status": "open", "receipt": "created"}
    assert wanted.items() <= body.items()
    assert body["escalation_level"] == 0
    assert body["sla"]["state"] == "ok"
    assert body["sla"]["response"]["target_minutes"] == 30
    assert body["sla"]["resolution"]["target_minutes"] == 180
    assert body["sla"]["response"]["due_at"] == (START + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert 9.9 < body["sla"]["response"]["elapsed_minutes"] < 11


def test_a_list_is_answered_in_input_order_with_a_receipt_for_each(sender: ApiClient):
    events = [
        event(2),
        event(1),
        event(2, minute=3, status="in progress"),
        event(2, minute=1, status="waiting"),
        event(1),
    ]
    answer = sender.post("/v1/tickets", events).json()
    assert [(told["id"], told["receipt"]) for told in answer] == [
        ("T2", "created"),
        ("T1", "created"),
        ("T2", "updated"),
        ("T2", "late"),
        ("T1", "unchanged"),
    ]
    assert {told["status"] for told in answer if told["id"] == "T2"} == {"in progress"}


def test_a_late_event_is_recorded_and_leaves_the_present_state_alone(sender: ApiClient):
    sender.post("/v1/tickets", event(minute=5, status="resolved"))
    assert sender.post("/v1/tickets", event(minute=1)).json()["receipt"] == "late"
    assert Ticket.objects.get().status == "resolved"
    assert TicketEvent.objects.count() == 2


def test_sequence_orders_events_of_one_moment(sender: ApiClient):
    sender.post("/v1/tickets", [event(status="resolved", sequence=1), event(status="active", sequence=2)])
    assert Ticket.objects.get().status == "active"


def test_everything_optional_is_kept(sender: ApiClient):
    project = make_project(key="OPS")
    extra = {
        "title": "Fire",
        "description": "Smoke",
        "url": "https://example.com/1",
        "project": "OPS",
        "assignee": "Jo",
        "attributes": {"floor": 3, "big": 10**25},
    }
    assert sender.post("/v1/tickets", event(**extra)).status_code == 200
    ticket = Ticket.objects.get()
    assert (ticket.title, ticket.description, ticket.url) == ("Fire", "Smoke", "https://example.com/1")
    assert (ticket.project, ticket.sender_assignee, ticket.attributes["floor"]) == (project, "Jo", 3)


def test_the_log_says_who_sent_it_in_one_line_a_batch(sender: ApiClient):
    sender.post("/v1/tickets", [event(1), event(2)], headers={"X-Request-ID": "req-7"})
    line = Event.objects.get(verb="tickets.ingested")
    assert (line.data["created"], line.data["tickets"]) == (2, ["T1", "T2"])
    assert set(TicketEvent.objects.values_list("logged_in_id", flat=True)) == {line.pk}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": "x" * 129}, "id"),
        ({"id": 7}, "id"),
        ({"priority": ""}, "priority"),
        ({"priority": None}, "priority"),
        ({"priority": "p" * 41}, "priority"),
        ({"status": "s" * 61}, "status"),
        ({"sequence": "1"}, "sequence"),
        ({"sequence": 2**63}, "sequence"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"project": "NOPE"}, "project"),
        ({"attributes": [1]}, "attributes"),
        ({"attributes": {"a": "x" * 20_000}}, "attributes"),
        ({"surprise": 1}, "surprise"),
        ({"updated_at": "2026-01-01T00:00:00"}, "updated_at"),
        ({"updated_at": "yesterday"}, "updated_at"),
        ({"updated_at": 1767225600}, "updated_at"),
        ({"updated_at": "2026-01-01T00:00:60Z"}, "updated_at"),
        ({"updated_at": "9999-12-31T23:59:59Z"}, "updated_at"),
        ({"updated_at": "9999-12-31T23:59:59-14:00"}, "updated_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"created_at": "1969-12-31T23:59:59Z"}, "created_at"),
        ({"updated_at": (datetime.now(UTC) + timedelta(minutes=7)).isoformat()}, "updated_at"),
        ({"title": "a\x00b"}, "title"),
        ({"url": "http://x/\x00"}, "url"),
        ({"project": "\x00"}, "project"),
        ({"priority": "İ" * 40}, "priority"),
        ({"customer_tier": "İ" * 40}, "customer_tier"),
        ({"status": "ß" * 60}, "status"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_written(sender: ApiClient, change, field):
    detail = detail_of(sender.post("/v1/tickets", [event(1), event(2, **change)]))
    assert (detail["index"], detail["field"]) == (1, field)
    assert not Ticket.objects.exists()
    assert not Event.objects.filter(verb="tickets.ingested").exists()


def test_a_missing_field_is_named(sender: ApiClient):
    broken = event()
    del broken["customer_tier"]
    assert detail_of(sender.post("/v1/tickets", broken))["field"] == "customer_tier"


def test_a_time_zone_far_east_is_the_same_moment(sender: ApiClient):
    local = START.astimezone(__import__("zoneinfo").ZoneInfo("Pacific/Kiritimati")).isoformat()
    sender.post("/v1/tickets", event())
    assert sender.post("/v1/tickets", event(created_at=local, updated_at=local)).json()["receipt"] == "unchanged"


def test_without_atomicity_the_good_events_are_taken_and_the_others_answered_in_their_places(sender: ApiClient):
    answer = sender.post("/v1/tickets?atomic=false", [event(1), event(2, priority=""), event(3)])
    assert answer.status_code == 200
    body = answer.json()
    assert [told["receipt"] for told in body] == ["created", "refused", "created"]
    assert body[1]["errors"][0]["field"] == "priority"
    assert Ticket.objects.count() == 2


def test_one_bad_event_in_ten_thousand_is_found_and_nothing_changes(sender: ApiClient):
    events = [event(number) for number in range(10_000)]
    events[7_341]["created_at"] = "nonsense"
    detail = detail_of(sender.post("/v1/tickets", events))
    assert (detail["index"], detail["field"]) == (7_341, "created_at")
    assert not Ticket.objects.exists()


def test_more_than_ten_thousand_events_are_too_many(sender: ApiClient):
    assert sender.post("/v1/tickets", [event()] * 10_001).status_code == 413


def test_more_than_ten_mebibytes_are_too_many(sender: ApiClient):
    assert sender.post("/v1/tickets", b" " * (10 * 1024 * 1024 + 1)).status_code == 413


HOSTILE = {
    "deep": b"[" * 100_000,
    "deep attributes": b'{"id":"T","attributes":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}",
    "huge integer": b'{"id":"T","sequence":1' + b"0" * 5_000 + b"}",
    "NaN": b'{"id":"T","sequence":NaN}',
    "lone surrogate": b'{"id":"T","title":"\\ud800"}',
    "not UTF-8": b'{"id":"\xff"}',
    "not JSON": b"hello",
    "empty": b"",
    "a number": b"7",
    "a list of numbers": b"[1,2]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_at_once(sender: ApiClient, name: str):
    started = time.monotonic()
    answer = sender.post("/v1/tickets", HOSTILE[name])
    assert answer.status_code == 400, name
    assert answer.json()["error"]["type"] == "invalid_input"
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("key", ["id", "title", "attributes"])
def test_a_key_that_stands_twice_is_refused(sender: ApiClient, key: str):
    again = json.dumps({key: {"a": 1} if key == "attributes" else "T2"})[1:-1]
    first = json.dumps(event(title="x", attributes={"b": 1}))[:-1]
    assert detail_of(sender.post("/v1/tickets", f"{first}, {again}}}".encode()))["field"] == key


def test_a_key_that_stands_twice_by_an_escape_is_refused(sender: ApiClient):
    body = json.dumps(event())[:-1] + ', "\\u0069d": "T2"}'
    assert sender.post("/v1/tickets", body.encode()).status_code == 400


def test_text_that_looks_like_a_key_is_no_repeated_key(sender: ApiClient):
    assert sender.post("/v1/tickets", event(title="id", attributes={"id": "status"})).status_code == 200


def test_an_empty_list_is_answered_with_an_empty_list(sender: ApiClient):
    answer = sender.post("/v1/tickets", [])
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_maintainer_may_open_a_ticket_over_the_api():
    assert jwt_client(make_user("maintainer")).post("/v1/tickets", event()).status_code == 200


@pytest.mark.parametrize(
    ("client", "status"),
    [
        (lambda: ApiClient(), 401),
        (lambda: jwt_client(make_user("reporter")), 403),
        (lambda: token_client("read"), 403),
        (lambda: ApiClient(bearer="trk_nonsense_nonsense"), 401),
    ],
)
def test_nobody_else_gets_an_event_in(client, status):
    assert client().post("/v1/tickets", event()).status_code == status
    assert not Ticket.objects.exists()


def test_a_repeated_batch_writes_nothing_and_answers_the_same(sender: ApiClient, django_assert_max_num_queries):
    events = [event(number) for number in range(50)]
    first = sender.post("/v1/tickets", events).json()
    rows = list(Clock.objects.order_by("pk").values())
    with django_assert_max_num_queries(14):
        again = sender.post("/v1/tickets", events).json()
    assert {told["receipt"] for told in again} == {"unchanged"}
    assert [told["id"] for told in first] == [told["id"] for told in again]
    assert list(Clock.objects.order_by("pk").values()) == rows
    assert Event.objects.filter(verb="tickets.ingested").count() == 1
