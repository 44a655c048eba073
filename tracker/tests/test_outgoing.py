"""Requests to addresses that users typed, against real sockets."""

import asyncio
import socket
import ssl
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from tracker import outgoing
from tracker.addresses import OutgoingRefused
from tracker.outgoing import MAX_RESPONSE_BYTES, OutgoingFailed, OutgoingResponse, open_client, send_request
from tracker.testing.forbidden_urls import FORBIDDEN_URLS
from tracker.testing.servers import BackgroundServer, hang_up, reset

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
CERTIFICATE = Path(outgoing.__file__).parent / "testing" / "localhost.pem"
NO_PROXY_HELPS = {
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


def fetch(url: str, *, allow=LOOPBACK, deadline_seconds: float = 2.0, **headers: str) -> OutgoingResponse:
    return asyncio.run(
        send_request("POST", url, headers=headers, body=b"{}", deadline_seconds=deadline_seconds, allow=allow)
    )


def answering(answer: bytes):
    async def handle(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(2)
        handle.heads.append(head)
        writer.write(answer)
        await writer.drain()

    handle.heads = []
    return handle


async def hang(reader, writer):
    await asyncio.sleep(3600)


async def drip_headers(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def drip_body(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def send_interim_answers_for_ever(reader, writer):
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def reset_connection(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    reset(writer)


def test_the_answer_comes_back_with_status_headers_and_body(monkeypatch):
    for name, value in NO_PROXY_HELPS.items():
        monkeypatch.setenv(name, value)
    handle = answering(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno")
    with BackgroundServer(handle) as server:
        answer = fetch(f"http://{server.address}/hook?a=b", **{"X-Key": "value"})
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "7", b"no")
    assert handle.heads[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert b"X-Key: value" in handle.heads[0]


@pytest.mark.parametrize("handle", [hang, drip_headers, drip_body, send_interim_answers_for_ever])
def test_whatever_a_receiver_does_the_deadline_holds(handle):
    with BackgroundServer(handle) as server:
        started = time.monotonic()
        with pytest.raises(OutgoingFailed, match=r"no answer within 0\.3 seconds"):
            fetch(f"http://{server.address}/", deadline_seconds=0.3)
        assert time.monotonic() - started < 1


def test_a_handshake_that_never_ends_is_cut_off_too():
    with BackgroundServer(hang) as server, pytest.raises(OutgoingFailed, match="no answer within"):
        fetch(f"https://{server.address}/", deadline_seconds=0.3)


def test_a_look_up_that_never_ends_is_cut_off_too(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: time.sleep(3))
    started = time.monotonic()
    with pytest.raises(OutgoingFailed, match="no answer within"):
        fetch("http://slow.example/", deadline_seconds=0.2)
    assert time.monotonic() - started < 1


def test_requests_to_one_host_share_a_look_up_that_hangs(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **kwargs: (asked.append(host), time.sleep(1)))

    async def send_many() -> list[BaseException | OutgoingResponse]:
        async with open_client(LOOPBACK) as client:
            requests = [
                client.send_request("POST", "http://slow.example/", headers={}, body=b"", deadline_seconds=0.2)
                for _ in range(30)
            ]
            return await asyncio.gather(*requests, return_exceptions=True)

    assert {str(failure) for failure in asyncio.run(send_many())} == {"no answer within 0.2 seconds"}
    assert asked == ["slow.example"]


def test_an_endless_answer_is_read_up_to_its_cap():
    async def flood(reader, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    with BackgroundServer(flood) as server:
        assert len(fetch(f"http://{server.address}/").body) == MAX_RESPONSE_BYTES


@pytest.mark.parametrize(
    ("handle", "reason"),
    [
        (reset_connection, "connection reset"),
        (hang_up, "the answer is not HTTP or was cut off|connection reset|the connection broke"),
        (answering(b"SSH-2.0-OpenSSH_9\r\n\r\n"), "the answer is not HTTP or was cut off"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "the answer is not HTTP or was cut off"),
    ],
)
def test_a_broken_answer_is_a_failure_with_a_plain_reason(handle, reason):
    with BackgroundServer(handle) as server, pytest.raises(OutgoingFailed, match=reason):
        fetch(f"http://{server.address}/")


def test_nobody_listening_is_a_failure():
    with BackgroundServer(hang_up) as server:
        address = server.address
    with pytest.raises(OutgoingFailed, match="connection refused"):
        fetch(f"http://{address}/services/secret")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_handed_back_and_not_followed(status):
    with BackgroundServer(hang_up) as canary:
        answer = f"HTTP/1.1 {status} Go\r\nLocation: http://{canary.address}/\r\nContent-Length: 0\r\n\r\n"
        with BackgroundServer(answering(answer.encode())) as server:
            assert fetch(f"http://{server.address}/").status == status
        assert canary.connections == 0


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.fixture
def _fresh_tls_roots():
    outgoing.tls_context.cache_clear()
    yield
    outgoing.tls_context.cache_clear()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.usefixtures("_fresh_tls_roots")
def test_a_certificate_is_checked_against_the_name_that_was_typed(monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with BackgroundServer(answering(OK), tls=server_tls()) as server:
        assert fetch(f"https://localhost:{server.port}/").body == b"ok"
        with pytest.raises(OutgoingFailed, match=r"TLS: .*IP address mismatch"):
            fetch(f"https://127.0.0.1:{server.port}/")


@pytest.mark.usefixtures("_fresh_tls_roots")
def test_a_certificate_that_nobody_signed_is_a_failure():
    with (
        BackgroundServer(answering(OK), tls=server_tls()) as server,
        pytest.raises(OutgoingFailed, match="TLS: self-signed certificate"),
    ):
        fetch(f"https://localhost:{server.port}/services/secret")


def test_plain_text_on_a_tls_port_is_a_failure():
    async def talk_plainly(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad\r\n\r\n")
        await writer.drain()

    with BackgroundServer(talk_plainly) as server, pytest.raises(OutgoingFailed, match="TLS: "):
        fetch(f"https://{server.address}/")


def test_a_name_that_does_not_exist_is_a_failure():
    with pytest.raises(OutgoingFailed, match="the name could not be resolved"):
        fetch("https://no-such-name.invalid/services/secret", allow=())


@pytest.mark.parametrize("family", ["127.0.0.1", "::1"])
def test_no_url_of_the_corpus_reaches_a_listener_in_the_house(family):
    with BackgroundServer(hang_up, host=family) as canary:
        for url in FORBIDDEN_URLS:
            with pytest.raises(OutgoingRefused):
                fetch(url.replace("{port}", str(canary.port)), allow=(), deadline_seconds=1)
        assert canary.connections == 0


def resolver_answering(monkeypatch, *answers: list[str]) -> list[str]:
    """Replaces the system's resolver: each look-up takes the next answer. The outside world, hence a stub."""
    asked: list[str] = []
    queue = list(answers)

    def look_up(host, port, *args, **kwargs):
        asked.append(host)
        addresses = queue.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"]])
def test_one_private_address_among_the_answers_refuses_the_name(monkeypatch, answer):
    with BackgroundServer(hang_up) as canary:
        resolver_answering(monkeypatch, answer)
        with pytest.raises(OutgoingRefused):
            fetch(f"http://rebind.example:{canary.port}/", allow=(), deadline_seconds=1)
        assert canary.connections == 0


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(monkeypatch):
    with BackgroundServer(hang_up) as canary:
        asked = resolver_answering(monkeypatch, ["192.0.2.1"], ["127.0.0.1"])
        with pytest.raises(OutgoingFailed):
            fetch(f"http://rebind.example:{canary.port}/", allow=(ip_network("192.0.2.0/24"),), deadline_seconds=0.3)
        assert asked == ["rebind.example"]
        assert canary.connections == 0


def test_a_header_with_a_line_break_is_refused():
    with BackgroundServer(answering(OK)) as server, pytest.raises(OutgoingRefused):
        fetch(f"http://{server.address}/", **{"X-Name": "a\r\nX-Evil: b"})
