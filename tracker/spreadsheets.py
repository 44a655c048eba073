"""Tables for spreadsheet programs, in which no cell that somebody typed becomes a formula.

The one place where cells are made harmless: every export of CSV or XLSX sends its values through `neutralise`.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

QUOTE = "'"
MAX_CELL_CHARACTERS = 1_000_000
# The module's own limit is less than a cell may hold. It is the whole process's, so it is set here, once; readers
# refuse what is too long for them by themselves.
csv.field_size_limit(MAX_CELL_CHARACTERS)
_FORMULA_SIGNS = frozenset("=+-@\u2212")
# Inside a quoted cell every quote stands twice, so that a single one after a comma always begins a cell.
_SIGN_AT_CELL_START = re.compile(rb'(?:\A|,)"(?=[^"0-9A-Za-z])')
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)


def neutralise(value: Any) -> Any:
    """A cell as it may stand in a table: text that a spreadsheet program would calculate gets a quote in front.

    Numbers stay numbers, a text like -5 too. Full-width signs count as what they look like, and blanks or invisible
    characters in front of a sign hide nothing. A text that has such a quote itself gets another, so that `restore`
    gives every text back as it was.
    """
    if not isinstance(value, str) or value[:1].isalnum() or not value or not _is_live(value.lstrip(QUOTE)):
        return value
    return QUOTE + value


def restore(cell: str) -> str:
    """The text that `neutralise` was given."""
    return cell[1:] if cell.startswith(QUOTE) and _is_live(cell.lstrip(QUOTE)) else cell


def neutralise_lines(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The rows of `COPY … (FORMAT csv, FORCE_QUOTE *)`, each ending in one line end, as a file that is safe to open.

    Most rows have no cell that begins with a sign and pass as they are; the others are read and written again.
    """
    for line in lines:
        yield line if _SIGN_AT_CELL_START.search(line) is None else _rewrite(line)


def _rewrite(line: bytes) -> bytes:
    (row,) = csv.reader([line.decode()], strict=True)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow([neutralise(cell) for cell in row])
    return buffer.getvalue().encode()


def _is_live(text: str) -> bool:
    if not text:
        return False
    if text[0] in "\t\r\n":
        return True
    visible = next((letter for letter in text if not _is_blank(letter)), "")
    sign = unicodedata.normalize("NFKC", visible)[:1]
    return sign in _FORMULA_SIGNS and not _NUMBER.fullmatch(text)


def _is_blank(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf")
