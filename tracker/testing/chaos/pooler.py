"""A real PgBouncer before a database: it lends a connection for one transaction and takes it back."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tracker.testing.ports import find_free_ports

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/usr/local/sbin")
CONFIGURATION = """\
[databases]
* = host={host} port=5432 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 200
logfile = {folder}/log
"""


class Pooler:
    """PgBouncer in transaction mode, three connections wide, before the PostgreSQL of a DATABASE_URL with a socket."""

    def __init__(self, database_url: str) -> None:
        self._url = urlsplit(database_url)
        self._folder = Path(tempfile.mkdtemp(prefix="tracker-pooler-"))
        (self.port,) = find_free_ports(1)

    @property
    def url(self) -> str:
        """The DATABASE_URL that leads through it."""
        return f"postgresql://postgres@127.0.0.1:{self.port}{self._url.path}"

    def __enter__(self) -> Self:
        (host,) = parse_qs(self._url.query)["host"]
        file = self._folder / "pgbouncer.ini"
        file.write_text(CONFIGURATION.format(host=host, port=self.port, folder=self._folder))
        # It refuses to run as root; whom the socket belongs to may use it.
        owner = Path(host).owner()
        for path in (self._folder, file):
            shutil.chown(path, owner)
        self._process = subprocess.Popen([str(PGBOUNCER), "--quiet", str(file)], user=owner, cwd=self._folder)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise TimeoutError((self._folder / "log").read_text())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)
