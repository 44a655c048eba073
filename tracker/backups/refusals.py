"""How a backup that cannot be taken is refused."""

from tracker.exceptions import InvalidInput


def refuse(message: str) -> InvalidInput:
    """The refusal of a file, naming the field as every other one does."""
    return InvalidInput.of_field("file", message)
