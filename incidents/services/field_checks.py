"""Checks of fields that several things have. Each answers with the value as it is kept."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from incidents.choices import Severity
from tracker.choices import Role
from tracker.exceptions import FieldError, InvalidInput
from tracker.texts import UNSTORABLE, is_storable

MAX_TITLE_CHARACTERS = 300
MAX_DESCRIPTION_CHARACTERS = 65_536


def refuse_fields(names: Collection[str], allowed: Collection[str]) -> None:
    """Refuses fields that may not be written.

    Raises:
        InvalidInput: naming each that is not among `allowed`.
    """
    faults = [FieldError(name, "Unknown or read-only.") for name in sorted(set(names) - set(allowed))]
    if faults:
        raise InvalidInput(f"{faults[0].field}: unknown or read-only.", details=faults)


def run_checks(values: Mapping[str, Any], checks: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The values as they are kept; a check refuses by a ValueError that says what is allowed.

    Raises:
        InvalidInput: naming each field that breaks a rule, and the rule.
    """
    cleaned, faults = dict(values), []
    for name, check in checks.items():
        if name in values:
            try:
                cleaned[name] = check(values[name])
            except ValueError as error:
                faults.append(FieldError(name, str(error)))
    if faults:
        raise InvalidInput(f"{faults[0].field}: {faults[0].message}", details=faults)
    return cleaned


def check_text(text: Any, *, longest: int, is_required: bool = False) -> str:
    """The text without outer blanks, its line ends in one spelling.

    Raises:
        ValueError: says what is allowed.
    """
    if not isinstance(text, str):
        raise ValueError("Must be a text.")
    if not is_storable(text):
        raise ValueError(UNSTORABLE)
    text = text.replace("\r\n", "\n").strip()
    if len(text) > longest or (is_required and not text):
        raise ValueError(f"{1 if is_required else 0} to {longest:,} characters.")
    return text


def check_title(text: Any, *, is_required: bool = False) -> str:
    """One line. Raises: as `check_text`."""
    return " ".join(check_text(text, longest=MAX_TITLE_CHARACTERS, is_required=is_required).split())


def check_description(text: Any) -> str:
    """Markdown, as typed. Raises: as `check_text`."""
    return check_text(text, longest=MAX_DESCRIPTION_CHARACTERS)


def check_severity(word: Any) -> str:
    """One of the severities. Raises: as `check_text`."""
    if word not in Severity.values:
        raise ValueError(f"One of {', '.join(Severity.values)}.")
    return str(word)


def check_assignee(person: Any) -> Any:
    """Somebody who can work on it, or nobody. Raises: as `check_text`."""
    if person is not None and (person.role == Role.REPORTER or not person.is_active):
        raise ValueError("Must be an active maintainer or admin.")
    return person
