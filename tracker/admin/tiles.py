"""Bars of the first page: a few named figures beside each other, each a link to what it counts."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BarRow:
    """One named figure of a box; `share` of the width of the longest, in percent, and a tone as of badges."""

    words: str
    figure: str
    share: int
    href: str
    tone: str = "info"
    note: str = ""


def measure_bars(values: Sequence[float]) -> list[int]:
    """How long each bar is in percent of the longest; one that is not nothing can be seen."""
    longest = max(values, default=0) or 1
    return [max(2, round(value / longest * 100)) if value > 0 else 0 for value in values]


def find_tone(tone: str, number: str) -> str:
    """The tone of a figure: nothing to do alarms nobody."""
    return "quiet" if number == "0" and tone in ("breach", "alert") else tone
