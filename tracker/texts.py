"""What a text has to be to be kept at all."""

UNSTORABLE = "Text may hold neither NUL nor half a character."


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, and no half of a surrogate pair, which is no character in UTF-8."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
