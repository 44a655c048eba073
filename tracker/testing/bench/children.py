"""Child processes of a workload: their peak memory, and servers that live as long as a `with` block."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psutil
from django.conf import settings

from tracker.testing.ports import find_free_ports

START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 15.0
MEBIBYTE = 1024 * 1024


def run_child(arguments: Sequence[str], **environment: str) -> tuple[float, float]:
    """Runs `manage.py …`; answers its seconds and its peak memory in MiB.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "manage.py", *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - start, usage.ru_maxrss / 1024


@contextmanager
def serve(*options: str, application: str = "tracker.wsgi", configuration: str = "/dev/null") -> Iterator[int]:
    """gunicorn with one worker on a free port of the loopback; answers the port once it takes connections."""
    port = find_free_ports(1)[0]
    command = [sys.executable, "-m", "gunicorn", "-c", configuration, "-b", f"127.0.0.1:{port}", "-w", "1"]
    with keep_running([*command, "--log-level", "warning", *options, application]):
        wait_for_port(port)
        yield port


@contextmanager
def keep_running(command: Sequence[str], **environment: str) -> Iterator[psutil.Process]:
    """A process that runs while the block does; then it is asked to stop, with all its children."""
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, address: str = "127.0.0.1") -> None:
    """Returns once something listens on `port`.

    Raises:
        TimeoutError: nothing does.
    """
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((address, port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"Nothing listens on port {port}.")


def read_memory(process: psutil.Process) -> float:
    """Resident memory of a process and its children in MiB, shared pages counted once as far as the system tells."""
    family = [process, *process.children(recursive=True)]
    total = 0
    for member in family:
        try:
            total += member.memory_full_info().pss
        except (psutil.NoSuchProcess, AttributeError):
            continue
    return total / MEBIBYTE
