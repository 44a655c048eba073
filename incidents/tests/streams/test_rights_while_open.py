"""Rights end an open connection within five seconds, and decide what each listener hears."""

import http.client
import time
from contextlib import ExitStack

import pytest
from django.contrib.sessions.models import Session

from incidents.tests.streams.conftest import (
    SYSTEM,
    bearer,
    fire,
    listen,
    make_jwt,
    make_session,
    make_token,
    receive_alerts,
    until_closed,
)
from tracker.models import ApiToken, LoginSession, Project, User
from tracker.services.events import log_event
from tracker.testing.web_servers import WebServer

pytestmark = pytest.mark.attack


def _demote(user):
    user.role = "reporter"
    user.save()


def _deactivate(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def _new_password(user):
    user.set_password("another-long-password")
    user.save()


CHANGES = [
    ("demoted", _demote, 4403),
    ("deactivated", _deactivate, 4401),
    ("new password", _new_password, 4401),
]


@pytest.mark.parametrize(("change", "code"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_change_of_the_person_closes_every_kind_of_connection_within_five_seconds(server, maintainer, change, code):
    other = User.objects.create_user("other@example.com", role="maintainer")
    doors = [bearer(make_token(maintainer)), bearer(make_jwt(maintainer)), make_session(maintainer)]
    with ExitStack() as stack:
        open_ones = [stack.enter_context(listen(server, door, origin=server.origin)) for door in doors]
        unaffected = stack.enter_context(listen(server, bearer(make_token(other))))
        change(maintainer)
        started = time.monotonic()
        assert [until_closed(each, seconds=6) for each in open_ones] == [code] * 3
        assert time.monotonic() - started < 5
        fire(1)
        receive_alerts(unaffected, 1)


def test_a_revoked_token_an_ended_login_and_a_logged_out_session_close_their_own_connection_only(server, maintainer):
    with (
        listen(server, bearer(make_token(maintainer))) as kept,
        listen(server, bearer(make_token(maintainer))) as by_token,
        listen(server, bearer(make_jwt(maintainer))) as by_login,
        listen(server, make_session(maintainer), origin=server.origin) as by_session,
    ):
        ApiToken.objects.filter(pk=ApiToken.objects.latest("pk").pk).update(revoked_at="2026-01-01T00:00:00Z")
        LoginSession.objects.update(revoked_at="2026-01-01T00:00:00Z")
        Session.objects.all().delete()
        assert [until_closed(each, seconds=6) for each in (by_token, by_login, by_session)] == [4401] * 3
        fire(1)
        receive_alerts(kept, 1)


def _stream_verbs(server: WebServer, headers: dict[str, str], since: str) -> list[str]:
    """The verbs that a replay from `since` holds, up to the project event that everyone may see."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/v1/events", headers={**headers, "Last-Event-ID": since})
    response, verbs = connection.getresponse(), []
    assert response.status == 200
    while True:
        line = response.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            verbs.append(line.removeprefix("event: "))
        if verbs and verbs[-1] == "project.updated":
            connection.close()
            return verbs


def test_each_role_hears_what_the_rights_table_lets_it_read(server, maintainer):
    admin = User.objects.create_user("adm@example.com", role="admin")
    reporter = User.objects.create_user("rep@example.com", role="reporter")
    mine, other = Project.objects.create(key="MINE", name="x"), Project.objects.create(key="OTHER", name="x")
    mine.members.set([reporter])
    people = {"reporter": make_jwt(reporter), "maintainer": make_jwt(maintainer), "admin": make_jwt(admin)}
    people["token"] = make_token(maintainer)
    people["reporter's token"] = make_token(reporter)
    with listen(server, bearer(people["admin"])) as connection:
        fire(0)
        since = receive_alerts(connection, 1)[0]["cursor"]
    fire(1)
    log_event(actor=SYSTEM, verb="user.updated", obj=reporter)
    log_event(actor=SYSTEM, verb="delivery.dead", object_type="delivery", object_id="1")
    log_event(actor=SYSTEM, verb="unheard.of", object_type="thing", object_id="1")
    log_event(actor=SYSTEM, verb="project.created", obj=other)
    log_event(actor=SYSTEM, verb="project.updated", obj=mine)
    heard = {name: _stream_verbs(server, bearer(secret), since) for name, secret in people.items()}
    assert heard["admin"] == [
        "alert.fired",
        "user.updated",
        "delivery.dead",
        "unheard.of",
        "project.created",
        "project.updated",
    ]
    assert heard["maintainer"] == ["alert.fired", "delivery.dead", "project.created", "project.updated"]
    assert heard["token"] == ["alert.fired", "project.created", "project.updated"]
    assert heard["reporter"] == heard["reporter's token"] == ["project.updated"]


def test_a_reporter_may_listen_and_hears_no_alert(server):
    reporter = User.objects.create_user("rep@example.com", role="reporter")
    with listen(server, bearer(make_jwt(reporter))) as connection:
        fire(1)
        with pytest.raises(TimeoutError):
            connection.recv(timeout=2)
