"""Workloads by name, what they may find, and what they are given."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure and its goal. `figures` tells both sides in words, for orientation only: machines differ."""

    what: str
    value: float
    goal: float
    is_floor: bool
    unit: str = "×"
    figures: dict[str, str] = field(default_factory=dict)

    @property
    def is_reached(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal if self.is_floor else self.value <= self.goal


def at_least(what: str, value: float, goal: float, *, unit: str = "×", **figures: str) -> Finding:
    """A finding that should not be below its goal."""
    return Finding(what, value, goal, True, unit, figures)


def at_most(what: str, value: float, goal: float, *, unit: str = "×", **figures: str) -> Finding:
    """A finding that should not be above its goal."""
    return Finding(what, value, goal, False, unit, figures)


class Bench:
    """What a workload is given: its size, a place for figures, and the database that belongs to the bench alone."""

    def __init__(self, *, is_full: bool, say: Callable[[str], None], options: dict[str, str] | None = None) -> None:
        self.is_full = is_full
        self.say = say
        self.options = options or {}

    def pick(self, small: T, full: T) -> T:
        """One of two by the size of the run."""
        return full if self.is_full else small

    def execute(self, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Runs one statement on Django's connection; answers its rows, if it has any."""
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def empty(self, *tables: str) -> None:
        """Empties tables with all that hangs on them, and settles the engine, so that no round pays for another."""
        self.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        self.execute("CHECKPOINT")

    @contextmanager
    def raw_connection(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """Plain psycopg on the same database, not in autocommit."""
        with psycopg.connect(settings.DATABASE_URL) as raw:
            yield raw


Measure = Callable[[Bench], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Workload:
    """One row of the report."""

    key: str
    title: str
    measure: Measure


_workloads: dict[str, Workload] = {}


def workload(key: str, title: str) -> Callable[[Measure], Measure]:
    """Registers the function under `key`, such as P1, by which the command line names it."""

    def register(measure: Measure) -> Measure:
        _workloads[key] = Workload(key, title, measure)
        return measure

    return register


def load_workloads() -> dict[str, Workload]:
    """All workloads of the installed apps, by key in the order of their numbers."""
    for app in apps.get_app_configs():
        name = f"{app.name}.testing.bench"
        try:
            package = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            continue
        for module in pkgutil.iter_modules(package.__path__, f"{name}."):
            importlib.import_module(module.name)
    return {key: _workloads[key] for key in sorted(_workloads, key=lambda key: (int(key.strip("P")), key))}
