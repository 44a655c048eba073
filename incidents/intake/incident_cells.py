"""What the cells of a row say, by a mapping: each reader gives one field, or raises ValueError with what is allowed."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from incidents.intake.incident_mappings import Moment, Number, Pieces, Words, parse_piece, pieces_of

MAX_LOSS = Decimal("9999999999.99")
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
Row = Mapping[str, str]
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII)
# What Markdown would take for more than a letter inside a line.
_MARKS = re.compile(r"([\\`*_\[\]<>|~])")


def make_word_reader(words: Words, missing: Iterable[str], allowed: Iterable[str] = ()) -> Callable[[Row], str]:
    """Reads a field of a few words; "" where the cell is empty and the field has no default."""
    empty, choices = {*missing, *words.missing}, sorted(allowed)

    def read(row: Row) -> str:
        if words.constant:
            return words.constant
        cell = row[words.column]
        word = words.values.get(cell, words.default if cell in empty or words.values else cell)
        if not word and cell not in empty:
            raise ValueError(f"{_quote(cell)} is none of {', '.join(words.values)}.")
        if word and choices and word not in choices:
            raise ValueError(f"{_quote(word)} is none of {', '.join(choices)}.")
        return word

    return read


def make_text_reader(text: str | Pieces, missing: Iterable[str], *, is_markdown: bool = False) -> Callable[[Row], str]:
    """Reads a text of pieces; one that names an empty column is left out."""
    empty = {*missing}
    pieces = [parse_piece(piece) for piece in pieces_of(text)]
    join = text.join if isinstance(text, Pieces) else ""

    def spell(cell: str) -> str:
        line = " ".join(cell.split())
        return _MARKS.sub(r"\\\1", line) if is_markdown else line

    def read(row: Row) -> str:
        full = (parts for parts in pieces if not any(name and row[name] in empty for _, name in parts))
        told = ("".join(words + (spell(row[name]) if name else "") for words, name in parts) for parts in full)
        return join.join(told)

    return read


def make_moment_reader(moment: Moment, missing: Iterable[str], zone: ZoneInfo) -> Callable[[Row], datetime | None]:
    """Reads a moment, in UTC; None where all of its cells are empty.

    A local time that the clocks jumped over is taken as on a clock that was not put forward; one that they showed
    twice is the first of the two.
    """
    empty = {*missing, *moment.missing}

    def read(row: Row) -> datetime | None:
        cells = [cell for name in moment.columns if (cell := row[name]) not in empty]
        if not cells:
            return None
        text = " ".join(cells)
        for form in moment.formats:
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
            except ValueError:
                continue
            return _to_utc(found, zone)
        raise ValueError(f"{_quote(text)} is not written as {' or '.join(moment.formats)}.")

    return read


def make_number_reader(number: Number, missing: Iterable[str]) -> Callable[[Row], Decimal | None]:
    """Reads a number; None where the cell is empty."""
    empty = {*missing, *number.missing}

    def read(row: Row) -> Decimal | None:
        cell = row[number.column]
        if cell in empty:
            return None
        text = cell
        for part in number.remove:
            text = text.replace(part, "")
        text = text.strip()
        if number.decimal == ",":
            text = text.replace(".", " ").replace(",", ".")
        if not _NUMBER.fullmatch(text):
            raise ValueError(f"{_quote(cell)} is no number.")
        try:
            return Decimal(text)
        except InvalidOperation:
            raise ValueError(f"{_quote(cell)} is no number.") from None

    return read


def read_degrees(number: Decimal | None, most: int) -> float | None:
    """Degrees from -most to most."""
    if number is not None and not -most <= number <= most:
        raise ValueError(f"-{most} to {most} degrees.")
    return None if number is None else float(number)


def read_loss(number: Decimal | None) -> Decimal | None:
    """An amount of money, to the cent."""
    if number is not None and not 0 <= number <= MAX_LOSS:
        raise ValueError(f"0 to {MAX_LOSS:,}.")
    return None if number is None else number.quantize(Decimal("0.01"))


def check_past(moment: Any, latest: datetime) -> Any:
    """The moment, where it has been."""
    if moment is not None and not EARLIEST <= moment <= latest:
        raise ValueError("A moment from 1970 up to now.")
    return moment


def _to_utc(found: datetime, zone: ZoneInfo) -> datetime:
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("A moment from 1970 up to now.") from None


def _quote(cell: str) -> str:
    return repr(cell if len(cell) <= 60 else f"{cell[:60]}…")
