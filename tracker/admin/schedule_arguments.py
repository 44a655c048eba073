"""Tasks whose arguments people fill in as fields, never as JSON. A package says how its task is asked about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django import forms

from tracker.access import Actor


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose from before a form can be shown, with what it means."""

    value: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What must be chosen first: `name` stands in the page's address."""

    name: str
    label: str
    choices: Sequence[Choice]


class TaskArguments(Protocol):
    """How one task's arguments are asked for: choices first, each on a page of its own, then a form."""

    def find_question(self, chosen: Mapping[str, str]) -> Question | None:
        """What has to be chosen next; None where the form can be shown."""

    def make_fields(
        self, chosen: Mapping[str, str], kwargs: Mapping[str, Any], *, actor: Actor
    ) -> dict[str, forms.Field]:
        """The fields for this person to fill in, with what `kwargs` say."""

    def read(self, chosen: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that the form's values mean; raises InvalidInput naming its fields."""

    def read_chosen(self, kwargs: Mapping[str, Any]) -> dict[str, str]:
        """What had been chosen for these arguments."""

    def name(self, chosen: Mapping[str, str]) -> str:
        """What is to run, as the form's heading."""

    def describe(self, kwargs: Mapping[str, Any]) -> str:
        """The arguments in words."""


_arguments: dict[str, TaskArguments] = {}


def declare_arguments(task: str, arguments: TaskArguments) -> None:
    """Says how a task's arguments are asked for; declaring a task again replaces it."""
    _arguments[task] = arguments


def find_arguments(task: str) -> TaskArguments | None:
    """How this task's arguments are asked for; None where it has none, or only plain ones."""
    return _arguments.get(task)
