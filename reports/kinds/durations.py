"""How long things took, told so that people can compare: in one unit for a whole table."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reports.kinds.contract import Cell, Heading

MINUTE, HOUR, DAY = 60, 3_600, 86_400
UNITS: Sequence[tuple[str, int]] = (("days", DAY), ("hours", HOUR), ("minutes", MINUTE))
NAMES = {"mean": "Mean", "median": "Median", "p85": "85th percentile", "p95": "95th percentile"}
Unit = tuple[str, int]


def choose_unit(facts: Iterable[Mapping[str, Any]]) -> Unit:
    """The largest unit of which the longest median, or else mean, of these has at least two."""
    told = [one["wall"]["median"] for one in facts if one["n"]] or [0]
    return next((unit for unit in UNITS if max(told) >= 2 * unit[1]), UNITS[-1])


def in_unit(seconds: int | None, unit: Unit) -> float | None:
    """So many of a unit, to two places."""
    return None if seconds is None else round(seconds / unit[1], 2)


def unit_of_work(unit: Unit) -> Unit:
    """In what working time is told beside that unit: a day of work is no day, so hours at most."""
    return unit if unit[1] < HOUR else UNITS[1]


def write_duration(seconds: int | None, units: Sequence[Unit] = UNITS) -> str:
    """For one figure alone: "2.5 days", "40 min"; a dash where there is none."""
    if seconds is None:
        return "–"
    if seconds < MINUTE:
        return f"{seconds} s"
    name, size = next((unit for unit in units if seconds >= 2 * unit[1]), UNITS[-1])
    return f"{seconds / size:,.1f}".removesuffix(".0") + f" {'min' if name == 'minutes' else name}"


def write_work(seconds: int | None) -> str:
    """The same of working time, in hours at most."""
    return write_duration(seconds, UNITS[1:])


def duration_headings(unit: Unit) -> list[Heading]:
    """How many, then wall and working time as `duration_cells` tells them."""
    told = [Heading("n", "n")]
    for kind, words, told_in in (("wall", "", unit), ("working", "working, ", unit_of_work(unit))):
        told += [Heading(f"{kind}_{name}", _begin(f"{words}{label}"), told_in[0]) for name, label in NAMES.items()]
    return told


def _begin(words: str) -> str:
    return words[0].upper() + words[1:].lower()


def duration_cells(facts: Mapping[str, Any], unit: Unit) -> list[Cell]:
    """The figures of one row."""
    units = (("wall", unit), ("working", unit_of_work(unit)))
    return [facts["n"], *(in_unit(facts[kind][name], told_in) for kind, told_in in units for name in NAMES)]
