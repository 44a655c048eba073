"""What each package does with its rows before a restored database may run again: declared here, done by the restore.

A restored database believes that it is still the moment of its backup. What has happened since it does not know:
messages that went out, people who were shut out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tracker.access import Actor


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: the moment of the backup."""

    made_at: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, in the transaction of all; `run` answers what is to be told about it, or nothing."""

    name: str
    run: Callable[[Actor, Restored], str]


_steps: dict[str, Step] = {}


def declare_step(step: Step) -> None:
    """Adds a step; declaring one again replaces it."""
    _steps[step.name] = step


def all_steps() -> list[Step]:
    """The steps, in the order in which they were declared."""
    return list(_steps.values())
