"""Answers that take the same time whether or not somebody is known."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

PACE_SECONDS = 0.1


@contextmanager
def even_pace(seconds: float = PACE_SECONDS) -> Iterator[None]:
    """Lasts at least `seconds`, which are to be longer than the longest way through; stands outside of transactions."""
    started = time.monotonic()
    try:
        yield
    finally:
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
