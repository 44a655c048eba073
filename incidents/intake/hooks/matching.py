"""Whether a signal meets the conditions of a rule: patterns over its labels, all of which must match."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

MAX_CONDITIONS = 20
MAX_NAME_CHARACTERS = 100
MAX_PATTERN_CHARACTERS = 200


def check_conditions(conditions: Any) -> dict[str, str]:
    """Conditions as they are kept.

    Raises:
        ValueError: says what is allowed.
    """
    if not isinstance(conditions, dict) or len(conditions) > MAX_CONDITIONS:
        raise ValueError(f"Up to {MAX_CONDITIONS} labels, each with a pattern.")
    for name, pattern in conditions.items():
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME_CHARACTERS or not name.isprintable():
            raise ValueError(f"A label's name has 1 to {MAX_NAME_CHARACTERS} characters.")
        if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN_CHARACTERS or not pattern.isprintable():
            raise ValueError(f"The pattern of {name} has up to {MAX_PATTERN_CHARACTERS} characters.")
    return {name.strip(): pattern for name, pattern in conditions.items()}


def matches(conditions: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every pattern matches its label, in any case of letters; a label that is missing is empty.

    `*` is anything, `?` one character, `[ab]` one of these; so `?*` asks that the label is there at all.
    """
    return all(fnmatchcase(labels.get(name, "").lower(), str(pattern).lower()) for name, pattern in conditions.items())
