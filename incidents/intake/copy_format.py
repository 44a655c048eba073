"""Rows as COPY reads them, made by a JSON encoder: ten times faster than value by value in Python.

A JSON array without its brackets is a line of CSV with `"` as quote, `\\` as escape and null for NULL, but for JSON's
escapes of control characters, which CSV takes as they are between its quotes.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

_encode_lines = msgspec.json.Encoder().encode_lines
_ESCAPE = re.compile(rb"\\(?:u00([0-9a-f]{2})|(.))")
_CONTROL = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
# Sees some where there are none (after an escaped backslash); that costs time only.
_MAY_BE_CONTROL = re.compile(rb"\\[bfnrtu]")


def encode_csv(rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Lines for `COPY … FROM STDIN WITH (FORMAT csv, NULL 'null', ESCAPE '\\')`.

    Args:
        rows: tuples of text, numbers, booleans, aware datetimes and None. NUL characters are not text to PostgreSQL.
    """
    # Between two lines stands the only line break, as JSON never has one within a string.
    lines = _encode_lines(rows)[1:-2].replace(b"]\n[", b"\n") + b"\n"
    return _ESCAPE.sub(_unescape, lines) if _MAY_BE_CONTROL.search(lines) else lines


def _unescape(match: re.Match[bytes]) -> bytes:
    code, letter = match.groups()
    if code is not None:
        return bytes([int(code, 16)])
    return _CONTROL.get(letter) or match.group()
