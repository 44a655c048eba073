"""Tracker as it is installed: PostgreSQL, Valkey, web, worker and beat, all real and all to be killed at will."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import psycopg

from tracker.embedded import Postgres, Valkey
from tracker.testing.ports import find_free_ports
from tracker.testing.processes import ChildProcess
from tracker.testing.services import CHECKOUT, make_child_environment

ADMIN = "admin@example.com"
PREPARED = "prepared"
PROGRAMS = {
    "web": ("gunicorn",),
    "worker": ("celery", "--quiet", "-A", "tracker", "worker", "--concurrency", "2", "--without-gossip",
               "--without-mingle", "-l", "WARNING"),
    "beat": ("celery", "--quiet", "-A", "tracker", "beat", "--pidfile=", "-l", "WARNING"),
}  # fmt: skip


class Installation:
    """Everything of one Tracker under a temporary directory; all of it is gone when the `with` block ends.

    Args:
        environment: settings of its processes beyond the addresses of its own engines.
    """

    def __init__(self, **environment: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="tracker-chaos-"))
        self.postgres = Postgres(self.directory / "postgres")
        self.valkey = Valkey(self.directory / "valkey")
        self.database = "tracker"
        self.checkout = CHECKOUT
        self.ports = {"web": find_free_ports(1)[0]}
        self.programs: dict[str, ChildProcess] = {}
        self._own = environment

    def __enter__(self) -> "Installation":
        self.postgres.start()
        self.valkey.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill_all()
        self.postgres.stop("immediate")
        self.valkey.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def port(self) -> int:
        """Where the first web listens."""
        return self.ports["web"]

    @property
    def environment(self) -> dict[str, str]:
        """What the processes are told."""
        return {
            "DATABASE_URL": self.postgres.url(self.database),
            "REDIS_URL": self.valkey.url(),
            "TRACKER_VAR_DIR": str(self.directory / "var"),
            "PYTHONPATH": str(self.checkout),
            "PYTHONWARNINGS": "ignore",
            **self._own,
        }

    def set_own(self, **environment: str) -> None:
        """Settings for the processes that start from now on."""
        self._own |= environment

    def use_fresh_database(self, name: str) -> None:
        """From now on everything runs on a new database; the first of all is migrated, the others are its copies."""
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [PREPARED]).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {PREPARED}".encode())
                self.database = PREPARED
                self._own |= {"DJANGO_SUPERUSER_EMAIL": ADMIN, "DJANGO_SUPERUSER_PASSWORD": "correct horse battery"}
                self.manage("prepare")
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {PREPARED}".encode())
        self.database = name

    def use_release(self, checkout: Path) -> None:
        """From now on the programs of another checkout run, on a new database that its own `prepare` has made."""
        self.checkout, self.database = checkout, f"release_{time.monotonic_ns()}"
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {self.database}".encode())
        self._own |= {"DJANGO_SUPERUSER_EMAIL": ADMIN, "DJANGO_SUPERUSER_PASSWORD": "correct horse battery"}
        self.manage("prepare")

    def manage(self, *arguments: str) -> str:
        """Runs a management command; returns what it printed.

        Raises:
            AssertionError: it failed; the message holds what it complained of.
        """
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=make_child_environment(**self.environment),
            cwd=self.checkout,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return done.stdout.strip()

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Asks the database on a connection of its own."""
        with psycopg.connect(self.postgres.url(self.database), autocommit=True) as connection:
            return connection.execute(statement.encode(), parameters or None).fetchall()

    def start(self, *names: str, **environment: str) -> None:
        """Starts programs (`web`, `worker`, `beat`; `web2` is a second web); webs are ready when this returns."""
        for name in names:
            assert name not in self.programs or not self.programs[name].is_running(), f"{name} runs already"
            own = self._place_web(name) if name.startswith("web") else {}
            command = (sys.executable, "-u", "-m", *PROGRAMS[name.rstrip("0123456789")])
            self.programs[name] = ChildProcess(command, **self.environment | own | environment)
        for name in names:
            if name.startswith("web"):
                port = self.ports[name]
                self.programs[name].wait_until(lambda: _is_healthy(port), what="answer of /health", seconds=60)  # noqa: B023

    def restart(self, name: str, *, seconds: float = 30) -> float:
        """SIGTERM, and a new one when the old one has ended well; how many seconds the end took."""
        began = time.monotonic()
        self.programs[name].send(signal.SIGTERM)
        assert self.programs[name].wait(seconds=seconds) == 0, self.programs[name].output()[-2000:]
        ended = time.monotonic()
        self.start(name)
        return ended - began

    def kill(self, name: str) -> None:
        """SIGKILL to a program and all its children."""
        self.programs[name].kill()

    def kill_all(self) -> None:
        """SIGKILL to all programs."""
        for name in self.programs:
            self.kill(name)

    def terminate_all(self, *, seconds: float = 30) -> dict[str, int]:
        """SIGTERM to all at once; their exit codes. Raises subprocess.TimeoutExpired for one that stays."""
        deadline = time.monotonic() + seconds
        for program in self.programs.values():
            program.send(signal.SIGTERM)
        return {
            name: program.wait(seconds=max(0.1, deadline - time.monotonic())) for name, program in self.programs.items()
        }

    def members(self, *names: str) -> set[int]:
        """The ids of the living processes of these programs (all where none is named), children included."""
        leaders = [psutil.Process(self.programs[name].pid) for name in names or self.programs]
        return {process.pid for leader in leaders for process in (leader, *leader.children(recursive=True))}

    def crash_postgres(self, *, seconds_away: float = 0.0) -> None:
        """What `pg_ctl -m immediate` does, at once: every connection drops, nothing is saved; a start after a while."""
        server = self.postgres.pid()
        assert server is not None, "PostgreSQL does not run"
        os.kill(server, signal.SIGQUIT)
        self.postgres.kill()
        time.sleep(seconds_away)
        self.postgres.start()

    def _place_web(self, name: str) -> dict[str, str]:
        port = self.ports.setdefault(name, find_free_ports(1)[0])
        return {"API_PORT": str(port), "PROMETHEUS_MULTIPROC_DIR": str(self.directory / f"metrics-{name}")}


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def kill_one(pid: int) -> None:
    """SIGKILL to one process alone, whose children and siblings are left as they are."""
    os.kill(pid, signal.SIGKILL)
