"""A file that a worker or beat touches while it works, for a health check that needs neither broker nor database.

Only where PULSE_DIRECTORY names a directory of this process's own, as the image does; tracker/healthcheck.py looks.
"""

import contextlib
import os
from pathlib import Path


def beat(kind: str) -> None:
    """Shows that this process lives. A disk that is full must not end it."""
    directory = os.environ.get("PULSE_DIRECTORY")
    if directory:
        with contextlib.suppress(OSError):
            Path(directory, f"tracker-{kind}.pulse").touch()
