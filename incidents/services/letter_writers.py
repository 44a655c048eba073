"""Letters that other packages write: each declares its word, by which a delivery's payload asks for it."""

from collections.abc import Callable, Mapping
from typing import Any

from incidents.channels.base import PersonalLetter

# The payload of the delivery → the letter, made from rows of now; None where it is not wanted any more.
LetterWriter = Callable[[Mapping[str, Any]], PersonalLetter | None]
_writers: dict[str, LetterWriter] = {}


def declare_letter(word: str, writer: LetterWriter) -> None:
    """Adds a kind of letter; declaring a word again replaces it."""
    _writers[word] = writer


def find_writer(word: str) -> LetterWriter:
    """Who writes this kind of letter (KeyError where nobody does)."""
    return _writers[word]
