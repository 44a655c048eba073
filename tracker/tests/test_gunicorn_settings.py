"""gunicorn.conf.py, under a real gunicorn with both kinds of worker."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from tracker.testing.services import CHECKOUT, make_child_environment

THREADED = ["--worker-class", "gthread", "--threads", "4", "tracker.wsgi"]


def wait_for_answer(port: int) -> int:
    deadline = time.monotonic() + 180
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("arguments", [[], THREADED], ids=["one port", "threads"])
def test_a_server_answers_ends_on_sigterm_and_forgets_the_figures_of_the_dead(tmp_path, arguments):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (metrics / f"counter_{dead.pid}.db").touch()
    (metrics / f"counter_{os.getpid()}.db").touch()

    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments],
        cwd=CHECKOUT,
        env=make_child_environment(API_PORT=str(port), PROMETHEUS_MULTIPROC_DIR=str(metrics)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert wait_for_answer(port) == 200
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=60)
    finally:
        server.kill()
        server.communicate()
    assert server.returncode == 0, said
    assert not (metrics / f"counter_{dead.pid}.db").exists()
    assert (metrics / f"counter_{os.getpid()}.db").exists()
    assert all(line.startswith("{") for line in said.splitlines()), said
