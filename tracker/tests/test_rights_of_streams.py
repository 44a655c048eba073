"""Every live stream, asked by everybody: who gets in, and what they hear, is what access.yaml says."""

import http.client
import json
import uuid

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tracker.access import Actor, table
from tracker.asgi import SOCKETS, STREAMS
from tracker.choices import Role, Scope
from tracker.realtime.rights import AUDIT_LOG, AUDIT_WORDS, RESOURCES
from tracker.services.events import log_event
from tracker.testing.events import written_verbs
from tracker.testing.factories import make_access_token, make_project, make_token, make_user, session_client
from tracker.testing.web_servers import run_web_server

ROW = "event_stream"
# Each stream and the row that lets listeners in; one that is missing here fails the suite.
ROWS = {"/ws/alerts": ROW, "/v1/events": ROW}
ROLES = {"rep": Role.REPORTER, "mnt": Role.MAINTAINER, "adm": Role.ADMIN}
SYSTEM = Actor.system("test")
WORDS = {**RESOURCES, **dict.fromkeys(AUDIT_WORDS | {"unheard"}, AUDIT_LOG)}
LAST = "tag.created"


def code_of(resource: str, role: str) -> str:
    return table()["matrix"][resource][role][table()["actions"].index("read")]


@pytest.fixture(scope="module")
def shared_server(django_db_setup):
    with run_web_server() as running:
        yield running


@pytest.fixture
def server(shared_server, transactional_db):
    return shared_server


def cookie_of(person):
    return "; ".join(f"{name}={morsel.value}" for name, morsel in session_client(person).cookies.items())


def ways_of(person):
    """Each way in which a person may ask, as headers."""
    return {
        "session": {"Cookie": cookie_of(person)},
        "jwt": {"Authorization": f"Bearer {make_access_token(person)}"},
    }


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def open_stream(server, path, headers, since=""):
    """The answer of a stream, not yet read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", path, headers={**headers, **({"Last-Event-ID": since} if since else {})})
    return connection, connection.getresponse()


def status_of(server, path, headers):
    connection, answer = open_stream(server, path, headers)
    connection.close()
    return answer.status


def socket_code(server, path, headers):
    """0 where the socket opens and stays open, else the code it is closed with."""
    try:
        with connect(f"ws://{server.host}{path}", additional_headers=headers, origin=server.origin) as socket:
            socket.recv(timeout=0.3)
    except TimeoutError:
        return 0
    except ConnectionClosed as closed:
        return closed.rcvd.code
    except InvalidStatus as refused:
        return refused.response.status_code
    return 0


def test_every_stream_names_its_row():
    assert set(ROWS) == set(SOCKETS) | set(STREAMS)
    assert set(ROWS.values()) <= set(table()["matrix"])
    assert set(RESOURCES.values()) <= set(table()["matrix"])


def test_every_event_that_services_write_is_under_a_row():
    written = {verb.partition(".")[0] for verb in written_verbs()}
    assert {"issue", "alert", "user"} <= written
    assert written <= set(RESOURCES) | AUDIT_WORDS


def test_people_get_in_where_the_table_says(server):
    for role, name in ROLES.items():
        is_open = code_of(ROW, role) in ("Y", "V", "O")
        for headers in ways_of(make_user(name)).values():
            for path in STREAMS:
                assert status_of(server, path, headers) == (200 if is_open else 403), (role, path)
            for path in SOCKETS:
                assert socket_code(server, path, headers) == (0 if is_open else 4403), (role, path)


def test_tokens_get_in_by_their_scope(server):
    code = code_of(ROW, "svc")
    assert code.startswith("S:")
    owner, scope = make_user(Role.ADMIN), code.removeprefix("S:")
    only = bearer(make_token(owner, [scope]))
    without = bearer(make_token(owner, [other for other in Scope.values if other != scope]))
    for path in STREAMS:
        assert (status_of(server, path, only), status_of(server, path, without)) == (200, 403)
    for path in SOCKETS:
        assert (socket_code(server, path, only), socket_code(server, path, without)) == (0, 4403)


def test_nobody_gets_in(server):
    gone = make_user(Role.ADMIN)
    ways = [*ways_of(gone).values(), bearer(make_token(gone, ["stream"]))]
    gone.is_active = False
    gone.save()
    for headers in ({}, bearer("trk_0000000000_x"), bearer("a.b.c"), {"Cookie": "sessionid=guessed"}, *ways):
        assert {status_of(server, path, headers) for path in STREAMS} == {401}
        assert {socket_code(server, path, headers) for path in SOCKETS} == {4401}


def write_one_of_each(owner):
    """An event of each word that is the owner's own, and one that is somebody else's; answers the objects by name."""
    own, foreign = make_project(members=[owner]), make_project()
    for word in WORDS:
        for whose, project, reporter in (("own", own, owner.pk), ("foreign", foreign, 0)):
            is_project = word == "project"
            log_event(
                actor=SYSTEM,
                verb=f"{word}.{whose}",
                object_type="project" if is_project else word,
                object_id=str(project.pk) if is_project else uuid.uuid4().hex,
                data={"reporter": reporter},
            )


def expected(codes):
    """The verbs that the table lets somebody hear, `codes` telling the cell for each resource."""
    heard = set()
    for word, resource in WORDS.items():
        code = codes(resource)
        if code in ("Y", "V", "O"):
            heard.add(f"{word}.own")
        if code == "Y":
            heard.add(f"{word}.foreign")
    return heard


def hear(server, headers, since):
    """Every verb from `since` to the last event, which everybody may hear."""
    connection, answer = open_stream(server, "/v1/events", headers, since)
    verbs = []
    while not verbs or verbs[-1] != LAST:
        line = answer.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            verbs.append(line.removeprefix("event: "))
    connection.close()
    return set(verbs[:-1])


def first_cursor(server, headers):
    """Where the log stands now."""
    connection, answer = open_stream(server, "/v1/events", headers)
    answer.readline()
    log_event(actor=SYSTEM, verb=LAST, object_type="tag", object_id="0")
    verb = ""
    while True:
        line = answer.readline().decode()
        if line.startswith("event: "):
            verb = line.removeprefix("event: ").strip()
        # What was logged before the line was open may come first.
        if line.startswith("data: ") and verb == LAST:
            connection.close()
            return json.loads(line.removeprefix("data: "))["cursor"]


@pytest.mark.parametrize("role", ROLES)
def test_each_hears_what_the_table_lets_them_read(server, role):
    person = make_user(ROLES[role])
    everybody = ways_of(person)
    token = bearer(make_token(person, ["stream"]))
    since = first_cursor(server, everybody["jwt"])
    write_one_of_each(person)
    log_event(actor=SYSTEM, verb=LAST, object_type="tag", object_id="1")
    for way, headers in everybody.items():
        assert hear(server, headers, since) == expected(lambda resource: code_of(resource, role)), way

    def code_of_token(resource):
        """What a token's column and, for a reporter's, its owner's both allow."""
        is_allowed = code_of(resource, "svc") == "Y" or code_of(resource, "svc").startswith("S:")
        own = code_of(resource, role) if role == "rep" else "Y"
        return own if is_allowed else "N"

    assert hear(server, token, since) == expected(code_of_token)
