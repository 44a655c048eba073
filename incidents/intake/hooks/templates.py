"""Titles and severities by template: `{title}`, `{label.instance}`, `{label.team|nobody}`, and nothing else.

What stands in braces is looked up and never evaluated; `{{` and `}}` are braces.
"""

import re
from collections.abc import Mapping

from incidents.intake.hooks.signals import Signal, make_title

FIELDS = ("title", "severity", "fingerprint", "url", "hook", "kind")
LABEL = "label."
MAX_TEMPLATE_CHARACTERS = 300
_PART = re.compile(r"\{\{|\}\}|\{([^{}|]*)(?:\|([^{}]*))?\}|[{}]")


def check_template(template: str) -> str:
    """The template, if each of its placeholders is known.

    Raises:
        ValueError: names what is not.
    """
    if len(template) > MAX_TEMPLATE_CHARACTERS:
        raise ValueError(f"Up to {MAX_TEMPLATE_CHARACTERS} characters.")
    for match in _PART.finditer(template):
        if match.group(0) in ("{", "}"):
            raise ValueError(f"A brace stands alone; write {match.group(0) * 2} for a brace.")
        if match.group(1) is not None and not _is_known(match.group(1).strip()):
            raise ValueError(
                f"{{{match.group(1)}}} is unknown; there are {', '.join(FIELDS)} and label.NAME, each with |default."
            )
    return template


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The template with its values; what is not there is its default, or empty."""

    def fill(match: re.Match[str]) -> str:
        whole, name = match.group(0), match.group(1)
        if name is None:
            return whole[0]
        return values.get(name.strip()) or (match.group(2) or "").strip()

    return _PART.sub(fill, template)


def values_of(signal: Signal, *, severity: str, hook: str, kind: str) -> dict[str, str]:
    """What a template of a rule can show of a signal."""
    fields = {
        "title": signal.title,
        "severity": severity,
        "fingerprint": signal.fingerprint,
        "url": signal.url,
        "hook": hook,
        "kind": kind,
    }
    return {**{f"{LABEL}{name}": text for name, text in signal.labels.items()}, **fields}


def fill_title(template: str, values: Mapping[str, str]) -> str:
    """One line of a title; the sender's own where the template gives nothing."""
    return make_title(fill_template(template, values) if template else "", values["title"])


def _is_known(name: str) -> bool:
    return name in FIELDS or (name.startswith(LABEL) and len(name) > len(LABEL))
