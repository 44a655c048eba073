"""Errors of SLA specifications: where the fault is, and what would be right there."""

from collections.abc import Iterable


class SpecError(ValueError):
    """One fault of a specification.

    `path` names the place (`calendars.office.hours.mon[0]`; empty = the whole), `message` what is wrong and allowed.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


class SpecErrors(ValueError):
    """All faults of one specification, in the order they were met."""

    def __init__(self, errors: Iterable[SpecError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors))
