"""Rounds in turns: whatever else the machine does falls on both sides alike."""

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median

__all__ = ["alternate", "median", "time_call"]


def time_call(call: Callable[[], object]) -> float:
    """Seconds of wall time that one call takes."""
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def alternate(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Runs every side once per round, in turns (A B, B A, …), and answers the median of what each measured.

    Args:
        sides: name → a function that does one round and answers its seconds.
    """
    measured: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            measured[name].append(sides[name]())
    return {name: median(seconds) for name, seconds in measured.items()}
