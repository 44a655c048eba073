"""The bridge to WSGI: long and cut bodies, downloads that nobody reads, and headers that pretend."""

import http.client
import io
import os
import socket
import time

import pytest

from tracker import pages
from tracker.testing.web_servers import run_web_server

pytestmark = pytest.mark.attack

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(django_db_setup):
    """Four threads, so that a test sees when one is held."""
    with run_web_server("tracker.testing.pages_app:application", WEB_THREADS="4") as running:
        yield running


@pytest.mark.parametrize("size", [0, 1, 100_000, MEGABYTE, MEGABYTE + 1, 9 * MEGABYTE, 32 * MEGABYTE])
def test_a_body_arrives_whole(server, size):
    assert server.request("POST", "/read", body=os.urandom(size)).json == size


def test_a_chunked_body_arrives_whole_and_has_a_limit(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", "/read", body=iter([b"x" * 70_000] * 30), encode_chunked=True)
    assert connection.getresponse().read() == b"2100000"
    connection.close()
    connection.request("POST", "/read", body=iter([b"x" * MEGABYTE] * 11), encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, b"too_large" in response.read()) == (413, True)
    connection.close()


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(f"POST /read HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 99999999999\r\n\r\n".encode())
        head = client.recv(65_536)
    assert head.startswith(b"HTTP/1.1 413")


def test_a_person_who_sends_too_much_sees_a_page(server):
    answer = server.request("POST", "/read", body=b"x" * (33 * MEGABYTE), headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert b"Go back" in answer.body


def test_whoever_sends_too_much_in_one_go_hears_so(server):
    answer = server.request("POST", "/read", body=b"x" * (40 * MEGABYTE))
    assert (answer.status, answer.json["error"]["type"]) == (413, "too_large")
    # And so where a view answers without having read.
    assert server.request("POST", "/open", body=b"x" * (20 * MEGABYTE)).json == 0


@pytest.mark.parametrize(("declared", "sent"), [(1000, 10), (5 * MEGABYTE, 2 * MEGABYTE)])
def test_a_body_that_is_cut_off_is_no_shorter_body(server, declared, sent):
    for _ in range(6):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            head = f"POST /read HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: {declared}\r\n\r\n"
            client.sendall(head.encode() + b"x" * sent)
            time.sleep(0.05)
    assert server.request("POST", "/read", body=b"abc").json == 3
    if declared > MEGABYTE:
        server.process.wait_for("cut off: ClientGone", seconds=5)


def test_a_body_that_only_drips_is_given_up(monkeypatch):
    class Line:
        def wait(self, step):
            step.close()
            return {"type": "http.request", "body": b"x", "more_body": True}

    async def receive():
        return {}

    monkeypatch.setattr(pages, "STALL_SECONDS", 0.05)
    body = pages._LongBody(Line(), receive, 6400)
    with pytest.raises(pages.ClientGone):
        io.BufferedReader(body).read(10**9)


def test_a_stream_arrives_as_it_is_made(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    started = time.monotonic()
    connection.request("GET", "/stream?4,0.3")
    response = connection.getresponse()
    response.read(65_536)
    assert time.monotonic() - started < 0.9
    assert len(response.read()) == 3 * 65_536
    connection.close()


def test_downloads_that_clients_abandon_give_their_threads_back(server):
    clients = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(4)]
    for client in clients:
        client.sendall(f"GET /stream?100000,0 HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode())
        client.recv(1000)
    for client in clients:
        client.close()
    deadline = time.monotonic() + 10
    while server.request("GET", "/open").json and time.monotonic() < deadline:
        time.sleep(0.1)
    assert server.request("GET", "/open").json == 0


def test_headers_with_underscores_and_twice_sent_ones_cannot_pose_as_a_proxy_s(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            f"GET /environ HTTP/1.1\r\nHost: {server.host}\r\nX_Forwarded_For: 6.6.6.6\r\nX-A: 1\r\nX-A: 2\r\n"
            "Cookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert b"6.6.6.6" not in answer
    assert b'"HTTP_X_A": "1,2"' in answer
    assert b'"HTTP_COOKIE": "a=1; b=2"' in answer


def test_paths_arrive_as_wsgi_wants_them(server):
    environ = server.request("GET", "/%C3%BC%FF/a%2Fb?q=%20x").json
    assert environ["PATH_INFO"] == b"/\xc3\xbc\xff/a/b".decode("latin-1")
    assert environ["QUERY_STRING"] == "q=%20x"
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
