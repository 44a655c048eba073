"""What a process says and does when it starts, and what a web says when it is about to end."""

import asyncio
import json
import logging

import pytest
from django.db import OperationalError

from tracker import asgi, starting
from tracker.realtime.hub import HUB
from tracker.schema_state import SchemaGate
from tracker.version import VERSION


def ask(path):
    """One GET to the ASGI application; status, headers and body."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "http_version": "1.1", "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(asgi.application(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_a_web_whose_database_is_older_refuses_in_words_and_says_when_to_come_back(monkeypatch):
    monkeypatch.setattr(asgi.WEB, "is_waiting", True)
    status, headers, body = ask("/v1/issues")
    assert (status, headers[b"retry-after"]) == (503, b"2")
    assert json.loads(body)["error"]["type"] == "unavailable"
    assert VERSION.encode() not in body


@pytest.mark.django_db(transaction=True)
def test_a_web_that_is_about_to_end_is_not_ready_and_lets_go_of_connections(monkeypatch):
    assert ask("/health")[0] == 200
    monkeypatch.setattr(HUB, "is_closing", True)
    status, headers, body = ask("/health")
    assert (status, headers[b"connection"]) == (503, b"close")
    assert json.loads(body)["checks"] == {"database": "ok", "ending": "failed"}


def test_a_web_waits_until_the_database_is_ready_and_looks_beside_the_loop(monkeypatch):
    answers = iter([False, False, True])
    monkeypatch.setattr(starting, "_is_open", lambda: next(answers))
    monkeypatch.setattr(starting, "LOOK_EVERY_SECONDS", 0.01)
    told = []
    monkeypatch.setattr(starting, "tell_start", told.append)

    async def start():
        web = starting.WebStart()
        web.begin()
        seen = {web.is_waiting}
        while not web._task.done():
            seen.add(web.is_waiting)
            await asyncio.sleep(0)
        return seen, web.is_waiting

    seen, is_waiting = asyncio.run(start())
    assert (seen, is_waiting, told) == ({False, True}, False, ["web"])


def test_a_check_that_breaks_keeps_nobody_from_starting(monkeypatch, caplog):
    def explode():
        raise RuntimeError("a fault of the check")

    monkeypatch.setattr(starting, "find_faults", explode)
    monkeypatch.setattr(starting.connections, "close_all", lambda: None)
    with caplog.at_level(logging.INFO):
        starting.tell_start("worker")
    assert f"Tracker {VERSION} starts." in caplog.text
    assert "The configuration check broke." in caplog.text


def test_a_database_that_does_not_answer_keeps_nobody_waiting(monkeypatch):
    def refuse():
        raise OperationalError("gone")

    monkeypatch.setattr("tracker.schema_state.read_schema_state", refuse)
    monkeypatch.setattr("tracker.schema_state.close_old_connections", lambda: None)
    SchemaGate().wait()
