"""A broker over TLS has to be the one that was asked for; Celery by itself would take any."""

import socket
import ssl
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from kombu import Connection

from tracker.broker_tls import tls_options
from tracker.testing.certificates import write_certificate


def _pump(source, target):
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _reach_valkey():
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix":
        valkey = socket.socket(socket.AF_UNIX)
        valkey.connect(url.path)
        return valkey
    return socket.create_connection((url.hostname, url.port or 6379))


@pytest.fixture
def listen(tmp_path):
    """Lets the Valkey of the tests be reached by TLS at an address, with a certificate for localhost and 127.0.0.1."""
    write_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "fullchain.pem", tmp_path / "privkey.pem")
    servers = []

    def serve(server):
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                with suppress(OSError):
                    wrapped, valkey = context.wrap_socket(client, server_side=True), _reach_valkey()
                    for pair in ((wrapped, valkey), (valkey, wrapped)):
                        threading.Thread(target=_pump, args=pair, daemon=True).start()

    def begin(address):
        servers.append(socket.create_server((address, 0)))
        threading.Thread(target=serve, args=servers[-1:], daemon=True).start()
        return servers[-1].getsockname()[1]

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
def _trusted(listen, tmp_path, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "fullchain.pem"))


def connect(url):
    user = urlsplit(settings.REDIS_URL)
    credential = f":{user.password}@" if user.password else ""
    scheme, rest = url.split("://")
    address = f"{scheme}://{credential}{rest}"
    with Connection(address, ssl=tls_options(address), connect_timeout=3) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=3)
        return broker.connected


@pytest.mark.usefixtures("_trusted")
def test_the_broker_that_was_asked_for_is_spoken_to(listen):
    assert connect(f"rediss://localhost:{listen('127.0.0.1')}/0")


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_one_of_another_name_is_not(scheme, listen):
    with pytest.raises(Exception, match=r"CERTIFICATE_VERIFY_FAILED.*not valid for '127\.0\.0\.2'"):
        connect(f"{scheme}://127.0.0.2:{listen('127.0.0.2')}/0")


@pytest.mark.parametrize("scheme", ["rediss", "amqps"])
def test_nor_one_that_nobody_vouches_for(scheme, listen):
    with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        connect(f"{scheme}://localhost:{listen('127.0.0.1')}/0")


@pytest.mark.parametrize("url", ["redis://v:6379/0", "redis+socket:///run/v.sock", "amqp://r:5672//"])
def test_without_tls_nothing_is_asked(url):
    assert tls_options(url) is None
