"""Round steps for axes."""

import math

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# Parts of a smaller span are no numbers any more.
LEAST_SPAN = 1e-300


def find_step(span: float, most: int) -> float:
    """The smallest round step (1, 2, 2.5 or 5 times a power of ten) that divides `span` into at most `most` parts."""
    if span < LEAST_SPAN or not math.isfinite(span):
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    return next((step * power for step in STEPS if span / (step * power) <= most), 10.0 * power)


def find_ticks(highest: float, most: int = 5) -> list[int]:
    """Whole numbers from 0 to at least `highest` in round steps."""
    step = max(1, math.ceil(find_step(highest, most)))
    return list(range(0, math.ceil(highest / step) * step + 1, step)) if highest > 0 else [0, 1]


def find_lines(low: float, high: float, most: int = 5) -> tuple[list[float], float]:
    """The multiples of a round step between two numbers, and the step."""
    step = find_step(high - low, most)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)], step


def find_value_ticks(low: float, high: float, *, is_whole: bool = False, most: int = 5) -> list[float]:
    """The figures of a scale in round steps, from at most `low` to at least `high`; both are finite.

    `is_whole`: what is counted has no fractions, so the scale has none either.
    """
    if high - low < LEAST_SPAN:
        low, high = (low, high + 1) if low >= 0 else (low - 1, high)
    step = find_step(high - low, most)
    step = max(1.0, math.ceil(step)) if is_whole else step
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]
