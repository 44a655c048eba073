"""Senders' texts as Markdown that shows them as they are: what strangers write is data and formats nothing."""

import re
from collections.abc import Iterable, Mapping

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")
_LEADING_NUMBER = re.compile(r"^(\s*\d{1,9})([.)])", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
# A line of these makes a heading of the one above it.
_UNDERLINE = re.compile(r"^(=+[ \t]*)$", re.MULTILINE)
# Without what ends a sentence rather than an address.
_ADDRESS = re.compile(r"(https?://[^\s<>\"`\\]{1,2000}(?<![.,;:!?'\])}*_]))", re.IGNORECASE)
_RUN = re.compile(r"`+")
MAX_LINES = 200


def escape(text: str) -> str:
    """Paragraphs of plain text; web addresses in it stay what they are."""
    parts = _ADDRESS.split(_INDENT.sub("", text))
    # Every second part is an address: between angle brackets no sign of it means anything else.
    parts[::2] = (_SPECIAL.sub(r"\\\1", part) for part in parts[::2])
    parts[1::2] = (f"<{address}>" for address in parts[1::2])
    return _LEADING_NUMBER.sub(r"\1\\\2", _UNDERLINE.sub(r"\\\1", "".join(parts)))


def fence(text: str) -> str:
    """A block of text as it was typed; no run of backticks inside can end it."""
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    mark = "`" * max(3, longest + 1)
    return f"{mark}text\n{text}\n{mark}"


def tabulate(values: Mapping[str, str]) -> str:
    """Names and values, a line each; empty for none."""
    lines = [f"{name} = {' '.join(value.split())}" for name, value in values.items()]
    return fence("\n".join(lines[:MAX_LINES])) if lines else ""


def link(words: str, url: str) -> str:
    """A way to a place; empty for none."""
    return f"[{words}](<{url}>)" if url else ""


def join(parts: Iterable[str], *, longest: int) -> str:
    """The parts that say something, a blank line between; what does not fit is left out as a whole."""
    text = ""
    for part in parts:
        if part and len(text) + len(part) + 2 <= longest:
            text = f"{text}\n\n{part}" if text else part
    return text
