"""What names a person in texts, and texts without it. Pure: no table is known here."""

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

# Shorter words stand in too many texts that mean something else.
SHORTEST_WORD = 3
# A whole word: neither a part of a longer name, nor of an address that goes on, but for what ends names of files.
_BEFORE = r"(?<![\w+-])(?<!\w[.])"
_AFTER = r"(?![\w-])(?![.](?!(?:txt|pdf|csv|json|xlsx|docx|zip|eml|log|html|png|jpe?g|gif|webp)\b)\w)"
_UNLIKE = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_"})


@dataclass(frozen=True)
class PersonalWords:
    """The addresses, names and further words of one person, each with what takes its place.

    A name of one word, such as Rose, is taken out only where the person has asked for it (`extra`): in other people's
    texts it may mean something else.
    """

    substitutes: Mapping[str, str]
    _pattern: "re.Pattern[str]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        longest_first = sorted(self.substitutes, key=len, reverse=True)
        choices = "|".join(_spelled(word) for word in longest_first)
        pattern = re.compile(rf"{_BEFORE}(?:{choices or '(?!)'}){_AFTER}", re.IGNORECASE)
        object.__setattr__(self, "_pattern", pattern)

    @classmethod
    def of_person(
        cls, *, addresses: Iterable[str], names: Iterable[str], extra: Iterable[str], address: str, name: str
    ) -> "PersonalWords":
        """The words, in every spelling that a text may have them in; `address` and `name` take their place."""
        found = {spelling: address for word in addresses for spelling in _spellings(word)}
        several = [text for text in names if " " in " ".join(text.split())]
        found |= {spelling: name for word in (*several, *extra) for spelling in _spellings(word)}
        return cls({word: put for word, put in found.items() if len(word) >= SHORTEST_WORD})

    @property
    def patterns(self) -> list[str]:
        """For ILIKE ANY: whatever `replace` would change matches, and little else."""
        likes = {"%" + "%".join(part.translate(_UNLIKE) for part in word.split()) + "%" for word in self.substitutes}
        return sorted(likes | {pattern.replace('"', '\\\\"') for pattern in likes})

    @property
    def bytes_like(self) -> list[bytes]:
        """What files are searched for, in lower case."""
        return sorted({word.casefold().encode() for word in self.substitutes})

    def replace(self, value: Any) -> Any:
        """A text, or whatever JSON holds, without the words."""
        if isinstance(value, str):
            return self._pattern.sub(self._put, value)
        if isinstance(value, list):
            return [self.replace(item) for item in value]
        if isinstance(value, dict):
            return {self.replace(key): self.replace(item) for key, item in value.items()}
        return value

    def _put(self, match: "re.Match[str]") -> str:
        found = fold_name(match[0])
        same = (put for word, put in self.substitutes.items() if fold_name(word) == found)
        # Letters that fold to each other in one library and not in the other.
        return next(same, next(iter(self.substitutes.values())))


def fold_name(name: str) -> str:
    """A name as it is compared: with single spaces, in capitals or not."""
    return " ".join(name.split()).casefold()


def _spelled(word: str) -> str:
    return r"\s+".join(re.escape(part) for part in word.split())


def _spellings(word: str) -> set[str]:
    plain = {unicodedata.normalize(form, word.strip()) for form in ("NFC", "NFD")}
    # As HTML and links have it, and as JSON within a text.
    return {
        spelling
        for text in plain
        for spelling in (text, html.escape(text), quote(text), quote(text, safe="@+"), json.dumps(text)[1:-1])
    }
