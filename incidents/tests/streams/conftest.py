"""A server with streams, people to listen, and events to hear."""

import json

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tracker.access import Actor
from tracker.models import User
from tracker.services.events import log_event
from tracker.services.logins import start_login
from tracker.services.tokens import issue_token
from tracker.sessions import SessionStore
from tracker.testing.web_servers import WebServer, run_web_server

SYSTEM = Actor.system("test")


@pytest.fixture(scope="package")
def shared_server(django_db_setup):
    """One server for all tests here; it takes seconds to start."""
    with run_web_server() as running:
        yield running


@pytest.fixture
def server(shared_server, transactional_db) -> WebServer:
    return shared_server


@pytest.fixture
def own_server(transactional_db):
    """A server that the test may end, or whose log it counts in."""
    with run_web_server() as running:
        yield running


@pytest.fixture
def maintainer(transactional_db) -> User:
    return User.objects.create_user("mnt@example.com", role="maintainer")


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def make_token(user: User, *scopes: str) -> str:
    return issue_token(actor=SYSTEM, owner=user, name="test", scopes=scopes or ("stream",))[1]


def make_jwt(user: User) -> str:
    return start_login(actor=Actor.of_user(user), user=user).access


def make_session(user: User) -> dict[str, str]:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}"}


def listen(server: WebServer, headers: dict[str, str], *, since: str = "", **options) -> ClientConnection:
    query = f"?since={since}" if since else ""
    # The client's own pings would give up on a machine that is busy with other tests.
    options.setdefault("ping_interval", None)
    return connect(f"ws://{server.host}/ws/alerts{query}", additional_headers=headers, **options)


def fire(number: int, *, verb: str = "alert.fired", size: int = 0) -> None:
    data = {
        "ticket_id": f"T-{number}",
        "sla_type": "response",
        "state": "alert",
        "details": {"elapsed_minutes": 26, "target_minutes": 30, "percent_used": 86.7, "padding": "x" * size},
        "escalation_level": 1,
        "timestamp": "2026-11-21T00:00:00Z",
        "number": number,
    }
    log_event(actor=SYSTEM, verb=verb, object_type="alert", object_id=str(number), data=data)


def receive_alerts(connection: ClientConnection, count: int, *, seconds: float = 20) -> list[dict]:
    alerts: list[dict] = []
    while len(alerts) < count:
        message = json.loads(connection.recv(timeout=seconds))
        if message.get("type") != "heartbeat":
            alerts.append(message)
    return alerts


def until_closed(connection: ClientConnection, *, seconds: float) -> int:
    """The code with which the server closes it within `seconds`."""
    with pytest.raises(ConnectionClosed) as closed:
        consume(connection, seconds=seconds)
    return closed.value.rcvd.code


def consume(connection: ClientConnection, *, seconds: float) -> None:
    """Reads on until the connection ends, which raises."""
    while True:
        connection.recv(timeout=seconds)
