"""Forecasts: of like promises that were still open when as much of the target was used up, how many were breached?

Nothing is fitted and nothing is guessed: a forecast is a count of what happened, and says of how many. Too few, and it
says nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Literal

from incidents.sla.policies import Kind

# The target in steps of 2 %: how much of it is used is rounded down to one.
STEPS = 50
MIN_CASES = 20
# The values of a standard normal distribution between which 95 % of it lie.
_Z = 1.959964

Likeness = Literal["tier", "priority", "all"]


@dataclass(frozen=True, slots=True)
class Curve:
    """What became of like promises. An empty tier or priority stands for any.

    Attributes:
        breached: how many were broken.
        still_open: for each step of the target how many were neither kept nor broken yet when it was used up.
        days: of how many last days these are.
    """

    kind: Kind
    priority: str
    tier: str
    breached: int
    still_open: tuple[int, ...]
    days: int


@dataclass(frozen=True, slots=True)
class Chance:
    """A forecast for one promise: `breached` of `cases` like ones."""

    breached: int
    cases: int
    likeness: Likeness
    step: int
    days: int = 0

    @property
    def probability(self) -> float | None:
        """The share that was breached; None where the cases are too few to say."""
        return self.breached / self.cases if self.cases >= MIN_CASES else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what the true share lies, with 95 % confidence."""
        return find_interval(self.breached, self.cases) if self.cases >= MIN_CASES else None


def find_interval(hits: int, cases: int) -> tuple[float, float]:
    """Wilson's interval: right for few cases and at the ends too, where the usual one leaves [0, 1]."""
    share, square = hits / cases, _Z * _Z / cases
    centre, margin = share + square / 2, _Z * sqrt((share * (1 - share) + square / 4) / cases)
    return max(0.0, (centre - margin) / (1 + square)), min(1.0, (centre + margin) / (1 + square))


def find_step(elapsed_seconds: float, target_minutes: float) -> int:
    """The step that this much working time has reached; an open promise never reaches the last."""
    return max(0, min(STEPS - 1, int(elapsed_seconds * STEPS / (target_minutes * 60))))


def spell(word: str) -> str:
    """A priority or tier as curves know it: as the policy, they do not mind case and blanks."""
    return word.strip().lower()


class Forecaster:
    """All curves, asked from the likest group outward."""

    __slots__ = ("_curves",)

    def __init__(self, curves: Iterable[Curve]) -> None:
        self._curves = {(curve.kind, curve.priority, curve.tier): curve for curve in curves}

    def forecast(self, kind: Kind, priority: str, tier: str, step: int) -> Chance:
        """The chance of a breach, from the likest group that still had enough cases at this step; else the widest."""
        priority, tier = spell(priority), spell(tier)
        groups: tuple[tuple[Likeness, str, str], ...] = (
            ("tier", priority, tier), ("priority", priority, ""), ("all", "", "")
        )  # fmt: skip
        for likeness, of_priority, of_tier in groups:
            curve = self._curves.get((kind, of_priority, of_tier))
            if curve is not None and curve.still_open[step] >= MIN_CASES:
                return Chance(curve.breached, curve.still_open[step], likeness, step, curve.days)
        if curve is None:
            return Chance(0, 0, "all", step)
        return Chance(curve.breached, curve.still_open[step], "all", step, curve.days)


@dataclass(frozen=True, slots=True)
class Trial:
    """Forecasts of about one height beside what then happened: of `asked` promises `breached` were."""

    low: float
    high: float
    asked: int
    forecast: float
    breached: int

    @property
    def observed(self) -> float:
        """The share that was breached."""
        return self.breached / self.asked


@dataclass(frozen=True, slots=True)
class BackTest:
    """How forecasts would have done: in tenths of their height, and in one number beside that of knowing no better.

    Attributes:
        score: Brier's: the mean square of how far a forecast was off; 0 is perfect.
        plain_score: the same where each forecast is the share that was breached overall.
        unasked: cases with too few like ones to say anything.
    """

    trials: tuple[Trial, ...]
    score: float
    plain_score: float
    unasked: int


def sum_up(asked: Iterable[tuple[Chance, int, int]]) -> BackTest:
    """The back-test of forecasts that were given to so many promises, of which so many were breached."""
    tenths: dict[int, list[float]] = {}
    off = unasked = 0.0
    for chance, count, breached in asked:
        expected = chance.probability
        if expected is None:
            unasked += count
            continue
        sums = tenths.setdefault(min(9, int(expected * 10)), [0, 0.0, 0])
        sums[0], sums[1], sums[2] = sums[0] + count, sums[1] + expected * count, sums[2] + breached
        off += breached * (1 - expected) ** 2 + (count - breached) * expected**2
    total = sum(sums[0] for sums in tenths.values()) or 1
    share = sum(sums[2] for sums in tenths.values()) / total
    trials = tuple(
        Trial(tenth / 10, (tenth + 1) / 10, int(count), expected / count, int(breached))
        for tenth, (count, expected, breached) in sorted(tenths.items())
    )
    return BackTest(trials, off / total, share * (1 - share), int(unasked))
