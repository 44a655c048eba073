"""`make run` as a stranger sees it: the real command, engines of its own, a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from tracker import embedded
from tracker.testing.ports import find_free_ports
from tracker.testing.services import CHECKOUT

# Whole installations start and end, which takes too long for the suite; CI runs them beside it.
pytestmark = pytest.mark.chaos

# Generous: the machine may be busy with the other half of the suite.
READY_TIMEOUT_SECONDS = 300
STOP_TIMEOUT_SECONDS = 30


class LocalRun:
    """A running `manage.py run_local` and what it has said so far."""

    def __init__(self, var: Path, port: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "run_local"],
            cwd=CHECKOUT,
            env={**environment, "TRACKER_VAR_DIR": str(var), "PORT": str(port), "TRACKER_LOCAL": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def said(self) -> str:
        return "".join(self.lines)

    def wait_until_ready(self) -> str:
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while "Ctrl-C stops everything" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return self.said()

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        self._reader.join(5)
        return code


def find_processes_of(var: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            is_ours = process.environ().get("TRACKER_VAR_DIR") == str(var) or str(var) in " ".join(process.cmdline())
            if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


@pytest.fixture
def var(tmp_path):
    yield tmp_path / "var"
    embedded.stop_engines(tmp_path / "var")


def test_a_local_run_comes_up_stops_without_a_trace_and_finds_its_data_again(var):
    port = find_free_ports(1)[0]
    first = LocalRun(var, port)
    said = first.wait_until_ready()
    assert f"Tracker is ready at http://127.0.0.1:{port}" in said
    assert "demo events taken" in said
    password = re.search(r"as admin@example\.com, password (\S+)", said)
    assert password is not None
    assert (var / "admin-password").read_text().strip() == password.group(1)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
        assert answer.status == 200
    assert find_processes_of(var)

    assert first.stop(signal.SIGINT) == 0
    assert find_processes_of(var) == []

    second = LocalRun(var, port)
    said = second.wait_until_ready()
    assert password.group(0) in said
    assert "demo events taken" not in said
    assert second.stop(signal.SIGTERM) == 0
    assert find_processes_of(var) == []


def test_a_busy_port_is_named_in_one_line_and_nothing_stays_behind(var):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = LocalRun(var, port)
        assert run.process.wait(timeout=READY_TIMEOUT_SECONDS) == 1
    run._reader.join(5)
    assert run.said().splitlines() == [
        f"CommandError: Port {port} is taken. Stop what uses it, or choose another one: PORT={port + 1}"
    ]
    assert find_processes_of(var) == []
