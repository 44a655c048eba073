"""Ids of rows as they come in addresses and forms."""

# PostgreSQL's bigint has nineteen digits, not all of which fit.
MAX_DIGITS = 18


def read_row_id(text: str) -> int | None:
    """The id that a text spells in its one spelling; None for anything else.

    int() would take other scripts' digits, blanks and underscores, and PostgreSQL refuses what does not fit its column.
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS else None
