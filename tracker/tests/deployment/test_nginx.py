"""nginx with our own configuration: it sends on what is ours, and what it refuses itself looks like our refusals."""

import http.client
import json
import socket
import subprocess
from asyncio import StreamReader, StreamWriter
from contextlib import ExitStack

import pytest

from tracker.testing.nginx import WHY_SKIPPED, is_installed, nginx_command, run_nginx
from tracker.testing.ports import wait_until
from tracker.testing.servers import BackgroundServer

pytestmark = pytest.mark.skipif(not is_installed(), reason=WHY_SKIPPED)
BODY_LIMIT = 32 * 1024 * 1024


class Web:
    """A web that answers with its name and what it was asked, breaks off where the path says so."""

    def __init__(self, name, *, known_files=()):
        self.name, self.known_files, self.heads = name, known_files, []

    async def handle(self, reader: StreamReader, writer: StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode().split("\r\n")
            self.heads.append(head.decode())
            path = lines[0].split()[1]
            if path == "/break":
                return
            is_missing = path.startswith("/static/") and path not in self.known_files
            body = json.dumps({"web": self.name, "head": lines}).encode()
            status = b"404 Not Found" if is_missing else b"200 OK"
            length = b"Content-Length: %d\r\nX-Request-ID: app\r\n\r\n" % len(body)
            writer.write(b"HTTP/1.1 " + status + b"\r\n" + length + body)
            await writer.drain()


@pytest.fixture(scope="module")
def house():
    """nginx before two webs."""
    webs = [Web("one"), Web("two", known_files=("/static/new.css",))]
    with ExitStack() as stack:
        servers = [stack.enter_context(BackgroundServer(web.handle)) for web in webs]
        yield stack.enter_context(run_nginx([server.port for server in servers])), webs


@pytest.fixture(scope="module")
def empty_house():
    """nginx before webs that are not there."""
    with run_nginx([1, 2]) as nginx:
        yield nginx


def ask(nginx, method, path, **sent):
    """What nginx answers: status, headers with names in small letters, body."""
    answer = nginx.request(method, path, **sent)
    return answer.status, answer.headers, answer.body


@pytest.mark.parametrize("transport", ["plain", "behind"])
def test_the_other_transports_are_configurations_too(transport):
    with run_nginx([1], transport=transport) as nginx:
        connection = http.client.HTTPConnection("127.0.0.1", nginx.http_port, timeout=10)
        connection.request("GET", "/nginx-health")
        assert connection.getresponse().status == 204
        connection.close()
        assert nginx.stop() == 0


def test_a_web_sees_who_asks_how_and_under_which_id(house):
    nginx, _ = house
    sent = {"X-Request-ID": "mine-1", "X-Forwarded-Proto": "ftp", "X-Forwarded-For": "203.0.113.9", "Forwarded": "x"}
    status, _, body = ask(nginx, "GET", "/v1/me", headers=sent)
    head = [line.lower() for line in json.loads(body)["head"]]
    assert status == 200
    assert {"x-request-id: mine-1", "x-forwarded-proto: https", f"host: localhost:{nginx.https_port}"} <= set(head)
    assert "x-forwarded-for: 203.0.113.9, 127.0.0.1" in head
    assert not [line for line in head if line.startswith(("forwarded:", "connection:", "upgrade:"))]
    _, _, body = ask(nginx, "GET", "/v1/me", headers={"X-Request-ID": 'forged" id'})
    assert "forged" not in str(json.loads(body)["head"])


@pytest.mark.parametrize(
    ("path", "protocol", "is_passed"),
    [("/ws/alerts", "WebSocket", True), ("/ws/alerts", "h2c", False), ("/admin/", "websocket", False)],
)
def test_nothing_but_a_websocket_becomes_a_tunnel(house, path, protocol, is_passed):
    """In another protocol anybody could speak to a web past everything that stands here, as a proxy that it trusts."""
    nginx, _ = house
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": protocol, "HTTP2-Settings": "AAMAAABk"}
    _, _, body = ask(nginx, "GET", path, headers=headers)
    head = [line.lower() for line in json.loads(body)["head"]]
    assert [line for line in head if line.startswith(("connection:", "upgrade:"))] == (
        ["connection: upgrade", "upgrade: websocket"] if is_passed else []
    )


def test_a_body_of_the_longest_kind_passes_and_a_longer_one_is_refused_in_our_words(house):
    nginx, _ = house
    headers = {"Content-Length": str(BODY_LIMIT + 1), "X-Request-ID": "long-1"}
    status, answered, body = ask(nginx, "POST", "/v1/issues", headers=headers)
    assert (status, answered["content-type"], answered["x-request-id"]) == (413, "application/json", "long-1")
    assert json.loads(body)["error"] == {
        "type": "too_large",
        "message": f"The body is longer than {BODY_LIMIT} bytes.",
        "details": [],
        "request_id": "long-1",
    }
    status, answered, body = ask(nginx, "POST", "/incidents/new", headers={**headers, "Accept": "text/html,*/*"})
    assert (status, answered["content-type"]) == (413, "text/html")
    assert b"longer than" in body


@pytest.mark.parametrize("said", ["Content-Length: 2000000", "Transfer-Encoding: chunked"])
def test_one_client_cannot_fill_the_room_for_bodies_that_are_on_their_way(house, said):
    nginx, _ = house
    head = f"POST /v1/tickets HTTP/1.1\r\nHost: localhost:{nginx.https_port}\r\n{said}\r\n\r\n".encode()
    with ExitStack() as stack:
        for _ in range(16):
            raw = stack.enter_context(socket.create_connection(("localhost", nginx.https_port), timeout=10))
            slow = stack.enter_context(nginx.trust.wrap_socket(raw, server_hostname="localhost"))
            slow.sendall(head)
        wait_until(
            lambda: ask(nginx, "POST", "/v1/tickets", body=b"x" * 1_000_000)[0] == 429,
            seconds=10,
            what=lambda: "no refusal",
        )
        status, headers, body = ask(nginx, "POST", "/v1/tickets", body=b"x" * 1_000_000)
        assert (status, headers["retry-after"], json.loads(body)["error"]["type"]) == (429, "5", "throttled")
        assert ask(nginx, "POST", "/v1/tickets", body=b"x" * 1_000)[0] == 200, "what is short passes"
        assert ask(nginx, "GET", "/v1/me")[0] == 200
    wait_until(
        lambda: ask(nginx, "POST", "/v1/tickets", body=b"x" * 1_000_000)[0] == 200,
        seconds=10,
        what=lambda: "no room again",
    )


def test_without_any_web_the_answer_is_503_with_the_time_to_come_back_and_no_key_is_logged(empty_house):
    status, answered, body = ask(empty_house, "POST", "/v1/hooks/github/sesame?token=hidden", body=b"{}")
    assert (status, answered["retry-after"]) == (503, "5")
    assert json.loads(body)["error"]["type"] == "unavailable"
    status, _, body = ask(empty_house, "GET", "/incidents/follow/sesame", headers={"Accept": "text/html"})
    assert status == 503
    assert b"Try again soon" in body
    # A line is written once the answer is on its way.
    wait_until(lambda: len(empty_house.log().splitlines()) >= 2, seconds=10, what=lambda: "lines in the log")
    lines = [json.loads(line) for line in empty_house.log().splitlines()]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [
        ("POST", "/v1/hooks/github/***", "503"),
        ("GET", "/incidents/follow/***", "503"),
    ]


def test_a_post_that_a_web_broke_off_is_not_sent_again_and_a_question_is(house):
    nginx, webs = house
    counts = {}
    for method in ("POST", "PATCH", "GET"):
        before = sum(len(web.heads) for web in webs)
        status, _, _ = ask(nginx, method, "/break", body=b"{}" if method != "GET" else None)
        assert status == 503
        counts[method] = sum(len(web.heads) for web in webs) - before
    assert counts["POST"] == counts["PATCH"] == 1
    assert counts["GET"] >= 1


def test_a_file_that_one_web_does_not_know_yet_comes_from_another(house):
    nginx, _ = house
    answers = {ask(nginx, "GET", "/static/new.css")[0] for _ in range(4)}
    assert answers == {200}


def test_http_leads_to_https_and_shows_certificate_authorities_their_proof(house):
    nginx, _ = house
    proof = nginx.directory / "acme" / ".well-known" / "acme-challenge"
    proof.mkdir(parents=True)
    (proof / "abc").write_text("proof")
    found = {}
    for path in ("/admin/?next=1", "/.well-known/acme-challenge/abc"):
        connection = http.client.HTTPConnection("localhost", nginx.http_port, timeout=10)
        connection.request("GET", path)
        response = connection.getresponse()
        found[path] = (response.status, response.getheader("Location"), response.read())
        connection.close()
    assert found["/admin/?next=1"][:2] == (308, f"{nginx.origin}/admin/?next=1")
    assert found["/.well-known/acme-challenge/abc"] == (200, None, b"proof")


def test_a_request_that_is_none_is_refused_in_our_shape(house):
    nginx, _ = house
    status, _, body = ask(nginx, "GET", "/v1/me", headers={"Host": "a b"})
    assert status == 400
    assert json.loads(body)["error"]["type"] == "invalid_input"


def test_nginx_finds_no_fault_in_its_configuration(empty_house):
    said = subprocess.run([*nginx_command(empty_house.directory), "-t"], capture_output=True, text=True, check=True)
    assert "warn" not in said.stderr
