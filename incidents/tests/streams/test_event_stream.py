"""GET /v1/events: Server-Sent Events that resume, filter and refuse in the API's own shape."""

import http.client
import json

import pytest

from incidents.tests.streams.conftest import SYSTEM, bearer, fire, make_session, make_token
from tracker.services.events import log_event


class Reader:
    """Reads one event stream."""

    def __init__(self, server, headers, query=""):
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        self._connection.request("GET", f"/v1/events{query}", headers=headers)
        self.response = self._connection.getresponse()
        assert self.response.status == 200
        assert self.frame() == {"retry": "3000"}

    def frame(self):
        """The next frame with its fields."""
        fields = {}
        while True:
            line = self.response.readline().decode()
            if line == "\n":
                return fields
            assert line, "the stream ended"
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value

    def events(self, count):
        """The next `count` events, heartbeats aside."""
        found = []
        while len(found) < count:
            frame = self.frame()
            if "data" in frame:
                found.append(frame)
        return found

    def close(self):
        self._connection.close()


def test_events_come_with_ids_that_resume_without_a_gap(server, maintainer):
    headers = bearer(make_token(maintainer))
    reader = Reader(server, headers)
    assert reader.response.headers["Content-Type"].startswith("text/event-stream")
    assert reader.response.headers["X-Accel-Buffering"] == "no"
    assert reader.response.headers["Cache-Control"] == "no-store, private"
    fire(1)
    (event,) = reader.events(1)
    reader.close()
    data = json.loads(event["data"])
    assert event["event"] == data["type"] == "alert.fired"
    assert data["object"] == {"type": "alert", "id": "1"}
    assert data["cursor"] == event["id"]
    assert data["data"]["ticket_id"] == "T-1"
    for number in range(2, 300):
        fire(number)
    by_header = Reader(server, {**headers, "Last-Event-ID": event["id"]})
    numbers = [json.loads(each["data"])["data"]["number"] for each in by_header.events(298)]
    assert numbers == list(range(2, 300))
    by_header.close()
    by_query = Reader(server, headers, f"?since={event['id']}")
    assert json.loads(by_query.events(1)[0]["data"])["data"]["number"] == 2
    by_query.close()


def test_types_choose_what_is_heard(server, maintainer):
    headers = bearer(make_token(maintainer))
    some, all_of = Reader(server, headers, "?types=ticket.assigned,alert"), Reader(server, headers)
    for verb in ("ticket.commented", "ticket.assigned", "alerts.odd", "alert.resolved"):
        log_event(actor=SYSTEM, verb=verb, object_type="ticket", object_id="T-1")
    assert [event["event"] for event in some.events(2)] == ["ticket.assigned", "alert.resolved"]
    assert [event["event"] for event in all_of.events(3)] == ["ticket.commented", "ticket.assigned", "alert.resolved"]
    some.close()
    all_of.close()


def test_a_page_of_ours_listens_with_its_session_and_a_foreign_one_does_not(server, maintainer):
    cookie = make_session(maintainer)
    Reader(server, cookie).close()
    Reader(server, {**cookie, "Origin": server.origin}).close()
    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert server.request("GET", "/v1/events", headers={**cookie, **foreign}).status == 403


@pytest.mark.parametrize(
    ("method", "query", "headers", "status", "type_"),
    [
        ("GET", "", {}, 401, "not_authenticated"),
        ("GET", "", {"Authorization": "Bearer nonsense"}, 401, "not_authenticated"),
        ("POST", "", None, 405, "method_not_allowed"),
        ("GET", "?types=nonsense", None, 400, "invalid_input"),
        ("GET", "?types=alert%25", None, 400, "invalid_input"),
        ("GET", "?limit=3", None, 400, "invalid_input"),
        ("GET", "?since=forged", None, 400, "invalid_input"),
        ("GET", "?" + "x" * 2500, None, 400, "invalid_input"),
    ],
)
def test_refusals_have_the_one_shape(server, maintainer, method, query, headers, status, type_):
    sent = bearer(make_token(maintainer)) if headers is None else headers
    answer = server.request(method, f"/v1/events{query}", headers={**sent, "X-Request-ID": "mine"})
    assert answer.status == status
    assert answer.headers["x-request-id"] == "mine"
    error = answer.json["error"]
    assert (error["type"], error["request_id"]) == (type_, "mine")
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.attack
def test_the_stream_ends_when_rights_end(server, maintainer):
    reader = Reader(server, bearer(make_token(maintainer)))
    maintainer.api_tokens.update(revoked_at="2026-01-01T00:00:00Z")
    assert reader.response.readline() == b""
