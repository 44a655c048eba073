"""What a container's health check says of a process that lives, one that does not, and one that froze."""

import os
import subprocess
import sys
import time
from asyncio import StreamReader, StreamWriter

import pytest

from tracker import pulse
from tracker.testing.containers import Image, health_check_of, read_composition, read_example
from tracker.testing.ports import find_free_ports
from tracker.testing.servers import BackgroundServer
from tracker.testing.services import CHECKOUT


def check(service, **environment):
    """Runs the service's own command as its container would; the exit code."""
    services = read_composition(read_example())["services"]
    command = health_check_of(services[service], Image.read())
    assert command[0] == "python"
    environment = {"ALLOWED_HOSTS": ".example.com,localhost", **environment}
    return subprocess.run([sys.executable, *command[1:]], cwd=CHECKOUT, env=environment, check=False).returncode


@pytest.mark.parametrize(("service", "port_name"), [("web", "API_PORT"), ("stub", "STUB_PORT")])
def test_a_server_is_well_while_it_answers_and_may_serve(service, port_name):
    heads = []

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        status = b"200 OK" if len(heads) == 1 else b"503 Service Unavailable"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    with BackgroundServer(answer) as server:
        assert check(service, **{port_name: str(server.port)}) == 0
        assert check(service, **{port_name: str(server.port)}) == 1
    assert "GET /health" in heads[0]
    assert f"Host: {'example.com' if service == 'web' else 'localhost'}" in heads[0]
    assert check(service, **{port_name: str(find_free_ports(1)[0])}) == 1


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_a_process_is_well_while_its_pulse_is_fresh(kind, tmp_path, monkeypatch):
    monkeypatch.setenv("PULSE_DIRECTORY", str(tmp_path))
    assert check(kind, PULSE_DIRECTORY=str(tmp_path)) == 1
    pulse.beat(kind)
    assert check(kind, PULSE_DIRECTORY=str(tmp_path)) == 0
    (file,) = tmp_path.iterdir()
    before = time.time() - 300
    os.utime(file, (before, before))
    assert check(kind, PULSE_DIRECTORY=str(tmp_path)) == 1
    assert check(kind) == 1


def test_a_full_disk_ends_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("PULSE_DIRECTORY", str(tmp_path / "missing"))
    pulse.beat("worker")
    monkeypatch.delenv("PULSE_DIRECTORY")
    pulse.beat("worker")
    assert list(tmp_path.iterdir()) == []
