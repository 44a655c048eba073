"""Who may open /ws/alerts, and who must not get in."""

import contextlib
import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from incidents.tests.streams.conftest import (
    bearer,
    fire,
    listen,
    make_jwt,
    make_session,
    make_token,
    receive_alerts,
    until_closed,
)
from tracker.models import User
from tracker.testing.web_servers import run_web_server

EVIL = "https://evil.example"


def _close_of(server, headers, **options):
    """Code and reason of a handshake that is accepted only to be told why not."""
    with listen(server, headers, **options) as connection, pytest.raises(ConnectionClosed) as closed:
        connection.recv(timeout=10)
    return closed.value.rcvd.code, json.loads(closed.value.rcvd.reason)["error"]


def _status_of(server, headers, path="", **options):
    with pytest.raises(InvalidStatus) as refused, listen(server, headers, since=path, **options):
        pass
    return refused.value.response.status_code


def test_a_token_a_jwt_and_a_session_each_hear_the_same_alert(server, maintainer):
    token, jwt, cookie = make_token(maintainer), make_jwt(maintainer), make_session(maintainer)
    with (
        listen(server, bearer(token)) as by_token,
        listen(server, bearer(jwt)) as by_jwt,
        listen(server, {}, subprotocols=["bearer", jwt]) as by_subprotocol,
        listen(server, cookie, origin=server.origin) as by_session,
    ):
        assert by_subprotocol.subprotocol == "bearer"
        fire(1)
        heard = [receive_alerts(each, 1)[0] for each in (by_token, by_jwt, by_subprotocol, by_session)]
    assert all(alert == heard[0] for alert in heard)
    fields = {"ticket_id", "sla_type", "state", "details", "escalation_level", "timestamp", "cursor"}
    assert fields <= set(heard[0])
    assert heard[0]["ticket_id"] == "T-1"


def test_strangers_are_told_in_the_contract_s_shape(server, maintainer):
    expired = make_token(maintainer)
    maintainer.api_tokens.update(revoked_at="2026-01-01T00:00:00Z")
    for headers in ({}, bearer("trk_no_such"), bearer("no.such.jwt"), bearer(expired), {"Authorization": "Basic eDp5"}):
        code, error = _close_of(server, headers)
        assert (code, error["type"]) == (4401, "not_authenticated")
        assert set(error) == {"type", "message", "details", "request_id"}
    code, error = _close_of(server, {**make_session(User(pk=999_999, email="x@example.com"))}, origin=server.origin)
    assert code == 4401


def test_a_token_without_the_scope_is_refused(server, maintainer):
    code, error = _close_of(server, bearer(make_token(maintainer, "read", "ingest")))
    assert (code, error["type"]) == (4403, "permission_denied")


def test_a_foreign_page_gets_no_connection_whatever_it_sends(server, maintainer):
    cookie, token = make_session(maintainer), make_token(maintainer)
    assert _status_of(server, cookie, origin=EVIL) == 403
    assert _status_of(server, bearer(token), origin=EVIL) == 403
    assert _status_of(server, cookie, origin="null") == 403
    assert _status_of(server, cookie, origin=f"{server.origin}.evil.example") == 403
    assert _status_of(server, cookie) == 403, "a cookie without an Origin"
    evil_host = server.request("GET", "/v1/events", headers={**bearer(token), "Host": "evil.example"})
    assert evil_host.status == 403


def test_a_token_in_the_address_is_refused_and_never_logged(server, maintainer):
    token, jwt = make_token(maintainer), make_jwt(maintainer)
    for query in (f"x&token={token}", f"{token}", f"x&access_token={jwt}", f"x&other={jwt}", f"x&q=Bearer%20{jwt}"):
        assert _status_of(server, {}, path=query) == 403
    answer = server.request("GET", f"/v1/events?token={token}")
    assert answer.status == 403
    log = server.process.output()
    assert "ws_alerts" in log
    assert token not in log
    assert token.partition("_")[2] not in log
    assert jwt not in log


@pytest.mark.parametrize(
    "cursor", ["abc", "A" * 32, "A" * 31 + "!", "%00", "AAAAAAAAA5EAAAAAAAAAAMfFUDIMFAW6", "9" * 500, "%E2%80%A8"]
)
def test_a_forged_cursor_is_refused(server, maintainer, cursor):
    code, error = _close_of(server, bearer(make_token(maintainer)), since=cursor)
    assert (code, error["type"]) == (4400, "invalid_input")


@pytest.mark.attack
def test_one_person_cannot_take_all_places(maintainer):
    with run_web_server(STREAM_CONNECTIONS_PER_USER="2") as server:
        headers = bearer(make_token(maintainer))
        with listen(server, headers), listen(server, headers):
            code, error = _close_of(server, headers)
            assert (code, error["type"]) == (4429, "throttled")
        with listen(server, headers) as again:
            fire(1)
            receive_alerts(again, 1)


def test_what_clients_say_is_ignored_and_bounded(server, maintainer):
    headers = bearer(make_token(maintainer))
    with listen(server, headers) as connection:
        connection.send("x\r\n\x1b[31m\u2028")
        connection.send(b"\x00\xff")
        fire(1)
        receive_alerts(connection, 1)
        with contextlib.suppress(ConnectionClosed):
            for _ in range(200):
                connection.send("again")
        assert until_closed(connection, seconds=10) == 1008
    with listen(server, headers) as connection:
        connection.send("x" * 100_000)
        assert until_closed(connection, seconds=10) == 1009
    for line in server.process.output().splitlines():
        assert line.startswith("{") is False or json.loads(line)


def test_an_unknown_address_is_no_websocket(server):
    with pytest.raises(InvalidStatus), connect(f"ws://{server.host}/ws/other"):
        pass
