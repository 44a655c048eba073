"""Bars that say how far a backup is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm


@contextmanager
def show_progress(*, is_quiet: bool) -> Iterator[Callable[[str, int], object]]:
    """A function that counts one step of a stage; each stage has a bar of its own. Nothing is shown to no terminal."""
    bars: dict[str, Any] = {}

    def count(stage: str, total: int) -> None:
        if stage not in bars:
            unit = " MB" if not total else " steps"
            bars[stage] = tqdm(total=total or None, desc=stage, unit=unit, disable=is_quiet or None)
        bars[stage].update(1)

    try:
        yield count
    finally:
        for bar in bars.values():
            bar.close()
