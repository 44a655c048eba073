"""Parameters as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.kinds.contract import Kind

MOST_CHARACTERS = 200


def describe_parameters(kind: Kind | None, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of each parameter that says something, in the order of the kind's form."""
    fields = kind.parameters().fields if kind is not None else {}
    names = [*(name for name in fields if name in parameters), *(name for name in parameters if name not in fields)]
    told = ((name, _spell(fields.get(name), parameters[name])) for name in names)
    return [(_label(fields.get(name), name), text[:MOST_CHARACTERS]) for name, text in told if text]


def _label(field: Any, name: str) -> str:
    return str(field.label) if field is not None and field.label else name.replace("_", " ").capitalize()


def _spell(field: Any, value: Any) -> str:
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_spell(field, one) for one in value)
    choices = getattr(field, "choices", None)
    return str(choices.get(value, value)) if isinstance(choices, Mapping) else str(value)
