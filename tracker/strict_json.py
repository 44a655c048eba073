"""JSON read strictly and in linear time, with limits on depth and on how much a document may hold."""

import json
import re
from typing import Any, NoReturn

from tracker.exceptions import InvalidInput

MAX_DEPTH = 20
LONE_BRACKETS = 100
MAX_CONTAINERS = 50_000
MAX_DIGITS = 200
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LARGEST = 2**63


def parse_json(body: bytes, *, max_depth: int = MAX_DEPTH, keeps_digits: bool = False) -> Any:
    """Strict JSON: UTF-8, no duplicate keys, no NaN or Infinity, whole numbers within 64 bits, no NUL characters.

    With `keeps_digits` a longer whole number is kept as the text of its digits, for senders who use one as a name.

    Raises:
        InvalidInput: it is not; says what is allowed.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(f"The body must be UTF-8; byte {error.start} is not.") from None
    _check_brackets(body, max_depth)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_integer_or_digits if keeps_digits else _integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise _refusal(
            f"The body is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if "\\u" in text:
        _check_characters(data)
    return data


def _refusal(message: str) -> InvalidInput:
    return InvalidInput(message)


def _check_brackets(body: bytes, max_depth: int) -> None:
    # What is left without strings and values are brackets; each round takes the innermost level away. All in C, and
    # the recursive parser never sees more than max_depth levels.
    brackets = _STRINGS.sub(b"", body).translate(None, _ALL_BUT_BRACKETS)
    if len(brackets) > 2 * MAX_CONTAINERS:
        raise _refusal(f"The body may hold up to {MAX_CONTAINERS} objects and lists, nested up to {max_depth} levels.")
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"\0").replace(b"{}", b"\0").replace(b"\0", b"")
    # A few brackets without a partner are a slip that the parser names better.
    if b"[]" in brackets or b"{}" in brackets or len(brackets) > LONE_BRACKETS:
        raise _refusal(f"The body may nest up to {max_depth} levels.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InvalidInput.of_field(key[:100], "This key stands twice in one object.")
            seen.add(key)
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise _refusal(f"{name} is no JSON number; leave the value out or send null.")


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= 20 else _LARGEST
    if not -_LARGEST <= value < _LARGEST:
        raise _refusal("Whole numbers may have up to 64 bits.")
    return value


def _integer_or_digits(digits: str) -> int | str:
    value = int(digits) if len(digits) <= 20 else _LARGEST
    return value if -_LARGEST <= value < _LARGEST else digits[:MAX_DIGITS]


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= 400 else float("inf")
    if value in (float("inf"), float("-inf")):
        raise _refusal("Numbers may be up to 1.7e308.")
    return value


def _check_characters(data: Any) -> None:
    # Only escapes can smuggle these in: raw ones are not valid UTF-8 or not valid JSON.
    todo = [data]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            if "\0" in item:
                raise _refusal("Text may not contain NUL characters.")
            try:
                item.encode()
            except UnicodeEncodeError:
                raise _refusal("Text may not contain half of a surrogate pair.") from None
        elif isinstance(item, dict):
            todo.extend(item)
            todo.extend(item.values())
        elif isinstance(item, list):
            todo.extend(item)
