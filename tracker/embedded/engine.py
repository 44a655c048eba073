"""Many processes, one engine: the first one starts it, the last one stops it.

Each user holds a shared lock on a file for as long as it lives. The kernel lets go of it on any death, so that a
killed process needs no tidying up, and whoever can take the lock for itself alone knows that it is the last.
"""

import atexit
import contextlib
import fcntl
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import psutil
from django.core.exceptions import ImproperlyConfigured

# A unix socket's path may have 107 bytes on Linux, 103 on macOS.
MAX_SOCKET_PATH_BYTES = 103

logger = logging.getLogger(__name__)


class EngineError(ImproperlyConfigured):
    """An embedded engine cannot run here; the message says why in one line."""


class Engine(Protocol):
    """What `join` needs to know of a server."""

    directory: Path

    def start(self) -> None:
        """Brings it up unless it runs already; called by one process at a time."""

    def stop(self) -> None:
        """Brings it down, cleanly."""


_leases: dict[Path, tuple[Engine, IO[str]]] = {}


def join(engine: Engine) -> None:
    """Starts `engine` unless it runs, and keeps it running until this process ends or leaves.

    Raises:
        EngineError: it cannot run here.
    """
    try:
        engine.directory.parent.mkdir(parents=True, exist_ok=True)
        with _alone(engine.directory):
            if engine.directory not in _leases:
                _leases[engine.directory] = (engine, _take_lease(engine.directory))
            engine.start()
    except OSError as error:
        raise EngineError(
            f"{engine.directory} cannot be used: {error}. Run as the owner of this checkout, or `make clean` first."
        ) from error


def leave(directory: Path) -> None:
    """Gives up this process's share; stops the engine if nobody else holds one."""
    engine, lease = _leases.pop(directory, (None, None))
    if engine is None or lease is None or not directory.exists():
        return
    with _alone(directory):
        lease.close()
        # A forked child still holds what its parent closes, so that the question needs a file opened anew.
        with _users_file(directory).open("a") as question:
            try:
                fcntl.flock(question, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            engine.stop()


def _take_lease(directory: Path) -> IO[str]:
    lease = _users_file(directory).open("a")
    fcntl.flock(lease, fcntl.LOCK_SH)
    return lease


def _users_file(directory: Path) -> Path:
    return directory.with_suffix(".users")


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time starts or stops what lives in `directory`."""
    with directory.with_suffix(".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@atexit.register
def _leave_all() -> None:
    for directory in list(_leases):
        try:
            leave(directory)
        except (OSError, EngineError) as error:
            logger.warning("%s did not stop: %s", directory, error)


def end_processes(processes: list[psutil.Process], number: int, *, timeout_seconds: float) -> bool:
    """Sends a signal to each and waits; False if one lives on after `timeout_seconds`."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
    deadline = time.monotonic() + timeout_seconds
    while any(_is_alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _is_alive(process: psutil.Process) -> bool:
    # In a container whose first process does not reap, the dead stay listed for ever.
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def make_socket_directory(directory: Path, name: str) -> Path:
    """The folder for the socket `name`: `directory` itself, or a short private one where that path is too long.

    Raises:
        EngineError: no folder can be had, or another user took its name.
    """
    if len(os.fsencode(directory / name)) <= MAX_SOCKET_PATH_BYTES:
        return directory
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    short = _make_runtime_directory() / digest
    short.mkdir(mode=0o700, exist_ok=True)
    return short


def _make_runtime_directory() -> Path:
    uid = os.geteuid()
    for parent in (os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}", tempfile.gettempdir(), "/tmp"):  # noqa: S108
        if not parent or len(os.fsencode(parent)) > MAX_SOCKET_PATH_BYTES - 50 or not os.access(parent, os.W_OK):
            continue
        directory = Path(parent) / f"tracker-{uid}"
        directory.mkdir(exist_ok=True)
        if directory.is_symlink() or directory.stat().st_uid != uid:
            raise EngineError(f"{directory} belongs to somebody else; set XDG_RUNTIME_DIR to a folder of your own.")
        # Passable, as root's PostgreSQL runs as another user; the folders inside are private.
        directory.chmod(0o711)
        return directory
    raise EngineError("No folder for sockets: set XDG_RUNTIME_DIR to a writable folder with a short name.")
