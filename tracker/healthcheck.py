"""What a container's health check runs: `python -I tracker/healthcheck.py web|worker|beat|stub`. Standard library only.

It asks whether this process must be started again, and nothing more: a worker whose database is away is alive, and a
restart would not bring the database back. Whether all of Tracker works is what /healthz says.
"""

import http.client
import os
import sys
import time
from pathlib import Path

ANSWER_SECONDS = 4.0
PULSE_IS_LOST_AFTER_SECONDS = 180.0


def main(arguments: list[str]) -> int:
    """0 where the process is well, 1 where it is not, 2 where nobody can say what was asked."""
    kind = arguments[0] if len(arguments) == 1 else ""
    if kind == "web":
        is_well = _answers(_port("API_PORT", 8000), _host_name())
    elif kind == "stub":
        is_well = _answers(_port("STUB_PORT", 9009), "localhost")
    elif kind in ("worker", "beat"):
        is_well = _has_pulse(kind)
    else:
        sys.stderr.write("Ask for one of: web, worker, beat, stub.\n")
        return 2
    sys.stdout.write("well\n" if is_well else "not well\n")
    return 0 if is_well else 1


def _answers(port: int, host: str) -> bool:
    """Whether /health is answered with 200, which a web does while it may serve."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/health", headers={"Host": host})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _has_pulse(kind: str) -> bool:
    """Whether the process has touched its file lately (tracker/pulse.py)."""
    directory = os.environ.get("PULSE_DIRECTORY")
    if not directory:
        sys.stderr.write("PULSE_DIRECTORY is not set.\n")
        return False
    try:
        return time.time() - Path(directory, f"tracker-{kind}.pulse").stat().st_mtime < PULSE_IS_LOST_AFTER_SECONDS
    except OSError:
        return False


def _host_name() -> str:
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    return "localhost" if first in ("", "*") else first


def _port(name: str, default: int) -> int:
    return int(os.environ.get(name) or default)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
