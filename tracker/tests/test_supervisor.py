import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tracker import supervisor
from tracker.supervisor import Program, Supervisor

# Runs a supervisor as a process of its own: `sys.argv[1:]` are the programs' codes.
HOST = f"""
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("supervisor", {str(Path(supervisor.__file__))!r})
module = importlib.util.module_from_spec(spec)
sys.modules["supervisor"] = module
spec.loader.exec_module(module)
module.STOP_TIMEOUT_SECONDS = 1.0
programs = [module.Program(f"p{{i}}", [sys.executable, "-uc", code]) for i, code in enumerate(sys.argv[1:])]
boss = module.Supervisor(programs, environment=dict(os.environ), output=sys.stdout)
sys.exit(boss.run(is_ready=lambda: True, on_ready=lambda: boss.say("ready")))
"""
SLEEPER = "import os, time; print('pid', os.getpid()); time.sleep(60)"
PARENT = (
    "import os, subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('pid', os.getpid()); print('pid', child.pid); time.sleep(60)"
)
STUBBORN = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPER[7:]

pytestmark = pytest.mark.attack


@pytest.fixture
def start():
    hosts = []

    def start_host(*codes: str) -> subprocess.Popen[str]:
        hosts.append(subprocess.Popen([sys.executable, "-c", HOST, *codes], stdout=subprocess.PIPE, text=True))
        return hosts[-1]

    yield start_host
    for host in hosts:
        host.kill()
        host.communicate()


def read_pids(host: subprocess.Popen[str], count: int) -> list[int]:
    assert host.stdout is not None
    pids: list[int] = []
    while len(pids) < count:
        line = host.stdout.readline()
        assert line, "the supervisor ended early"
        if "pid" in line:
            pids.append(int(line.split()[-1]))
    return pids


def wait_until_gone(pids: list[int], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, "somebody lives on"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_programs_and_their_children(start, number):
    host = start(PARENT, SLEEPER)
    pids = read_pids(host, 3)
    host.send_signal(number)
    assert host.wait(timeout=60) == 0
    wait_until_gone(pids, seconds=5)


def test_a_program_that_ignores_the_signal_is_killed(start):
    host = start(STUBBORN)
    pids = read_pids(host, 1)
    host.terminate()
    assert host.wait(timeout=60) == 0
    wait_until_gone(pids, seconds=5)


def test_a_killed_supervisor_leaves_no_orphans(start):
    host = start(PARENT, STUBBORN)
    pids = read_pids(host, 3)
    host.kill()
    wait_until_gone(pids, seconds=30)


def test_a_program_that_dies_is_started_again_and_that_is_said(start):
    host = start(SLEEPER)
    first = read_pids(host, 1)
    os.kill(first[0], signal.SIGKILL)
    assert host.stdout is not None
    said = ""
    while "died" not in said:
        said = host.stdout.readline()
    assert "p0 died (signal 9); it starts again in 0.5 s." in said
    assert read_pids(host, 1) != first


def test_a_program_that_keeps_dying_ends_the_run(monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_SECONDS", 0.01)
    output = io.StringIO()
    program = Program("broken", [sys.executable, "-c", "print('no database'); raise SystemExit(3)"])
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        boss = Supervisor([program], environment=dict(os.environ), output=output)
        assert boss.run(is_ready=lambda: False, on_ready=lambda: None) == 1
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    said = output.getvalue()
    assert "broken  | no database" in said
    assert "tracker | broken died 6 times in a row (exit code 3); giving up." in said


def test_readiness_is_announced_once(start):
    host = start(SLEEPER)
    read = ""
    while "| ready" not in read:
        read += host.stdout.readline()
    time.sleep(1)
    host.terminate()
    out, _ = host.communicate(timeout=60)
    assert (read + out).count("| ready") == 1
