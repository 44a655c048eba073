"""Real and nasty data that is too large, or not ours, to be kept in the repository; tests skip without it."""

import os
from pathlib import Path

import pytest

from tracker.testing.services import CHECKOUT

DATA = Path(os.environ.get("TRACKER_DATA") or CHECKOUT.parent / "shared" / "data")


def needs(path: Path) -> pytest.MarkDecorator:
    """Skips a test, saying so, where `path` is missing."""
    return pytest.mark.skipif(not path.exists(), reason=f"{path} is missing; name its folder by TRACKER_DATA")
