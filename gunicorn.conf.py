"""gunicorn for Tracker.

One port for everything, streams included (the default):

    gunicorn

Pages and API apart from the streams, behind a proxy that sends /ws/ and /v1/events to the former:

    gunicorn --worker-class gthread --workers 2 --threads 4 tracker.wsgi
"""

import os
import socket
from pathlib import Path
from typing import Any

from tracker import env, logs

BASE_DIR = Path(__file__).resolve().parent

wsgi_app = "tracker.asgi:application"
worker_class = "tracker.web_worker.DrainingWorker"
# Listening begins when the application is loaded: whoever connects before would wait for all of that.
preload_app = True
host, port = os.environ.get("API_HOST") or "127.0.0.1", os.environ.get("API_PORT") or os.environ.get("PORT") or "8000"
bind = f"{host}:{port}"
# Idle WebSockets and event streams count as connections.
worker_connections = 4000
# Longer than whoever is in front of us keeps an idle connection, so that it is never us who closes one in use.
keepalive = env.read_integer("KEEPALIVE_SECONDS", 15, low=1, high=600)
timeout = 60
# Whatever stops us kills after 30 seconds by habit; requests and streams have ended before, see tracker/web_worker.py.
graceful_timeout = 27
websocket_max_message_size = 64 * 1024
# Nothing of ours speaks to it, and two servers of one user would share its path.
control_socket_disable = True

# The arbiter's own lines look like everybody else's; a worker reads the same from the settings.
logconfig_dict = logs.logging_config(os.environ.get("LOG_LEVEL") or "INFO")

# Each process keeps its figures in files here, and whichever is asked for /metrics adds them up.
metrics_directory = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(BASE_DIR / "var" / f"metrics-{port}")))
metrics_directory.mkdir(parents=True, exist_ok=True)


def on_starting(server: Any) -> None:
    """Drops the figures of processes that are gone; those of another gunicorn that shares the directory stay."""
    for file in metrics_directory.glob("*.db"):
        pid = file.stem.rpartition("_")[2]
        if not (pid.isdigit() and _is_alive(int(pid))):
            file.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """Takes a dead worker's gauges out of the sum; its counters stay."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def when_ready(server: Any) -> None:
    """Lets the kernel end a connection whose peer has taken nothing for this long; accepted sockets inherit it."""
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        for listener in server.LISTENERS:
            if listener.sock.family in (socket.AF_INET, socket.AF_INET6):
                listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 25_000)


def post_worker_init(worker: Any) -> None:
    """Shows that the process lives, and since when."""
    # Not above: it needs Django, which this process has set up only now.
    from tracker import metrics
    from tracker.choices import ProcessKind
    from tracker.processes import PresenceThread

    metrics.note_start()
    worker.presence = PresenceThread(ProcessKind.WEB)
    worker.presence.start()


def worker_exit(server: Any, worker: Any) -> None:
    """Takes the process off the System page."""
    presence = getattr(worker, "presence", None)
    if presence is not None:
        presence.stop()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
