"""What a chart of lines is drawn from, and what it says in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from tracker.charts.frame import write_figure
from tracker.charts.moments import Moment, write_moment

TOO_LARGE = 1e15


@dataclass(frozen=True, slots=True)
class Line:
    """A named series; None is a gap. `href` is where the whole line leads."""

    name: str
    points: Sequence[tuple[Moment, float | None]]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A shaded strip between two values, such as a range that is as planned."""

    name: str
    points: Sequence[tuple[Moment, float, float]]


def describe_lines(series: Sequence[Line], *, unit: str = "") -> str:
    """The lines in words: how many points, the first, the last, the lowest and the highest of each."""
    return " ".join(_describe(line, f" {unit}" if unit else "") for line in series) or "No figures."


def _describe(line: Line, unit: str) -> str:
    known = [(at, value) for at, value in line.points if value is not None and is_drawable(value)]
    if not known:
        return f"{line.name}: no figures."
    (first, start), (last, end) = known[0], known[-1]
    low, high = min(known, key=lambda one: one[1]), max(known, key=lambda one: one[1])
    lacking, zone = len(line.points) - len(known), find_zone(line)
    gaps = f", {lacking} gap{'s' if lacking > 1 else ''}" if lacking else ""
    return (
        f"{line.name}: {len(known)} figures{gaps}, from {write_figure(start)}{unit} ({write_moment(first, zone)}) to "
        f"{write_figure(end)}{unit} ({write_moment(last, zone)}), lowest {write_figure(low[1])}{unit} "
        f"({write_moment(low[0], zone)}), highest {write_figure(high[1])}{unit} ({write_moment(high[0], zone)})."
    )


def find_zone(line: Line) -> tzinfo | None:
    """The zone in which the moments of a line are told: that of its first one."""
    first = line.points[0][0] if line.points else None
    return first.tzinfo if isinstance(first, datetime) else None


def is_drawable(value: float) -> bool:
    """Whether a scale can hold it."""
    return math.isfinite(value) and abs(value) < TOO_LARGE
