"""Reading untrusted data of unknown shape, collecting every fault with its path."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from incidents.sla.errors import SpecError, SpecErrors

MAX_ERRORS: Final = 50
MISSING: Final[Any] = object()


class SpecReader:
    """Hands out values of the shape asked for, or a harmless stand-in after noting what is wrong."""

    def __init__(self) -> None:
        self.errors: list[SpecError] = []

    def refuse(self, path: str, message: str) -> None:
        """Note a fault; the fiftieth ends the reading.

        Raises:
            SpecErrors: when there are as many as anybody will read.
        """
        self.errors.append(SpecError(path, message))
        if len(self.errors) >= MAX_ERRORS:
            raise SpecErrors(self.errors)

    def finish(self) -> None:
        """Raises SpecErrors if anything was wrong."""
        if self.errors:
            raise SpecErrors(self.errors)

    def mapping(self, value: Any, path: str, allowed: Collection[str] | None = None) -> Mapping[str, Any]:
        """A mapping with no keys but the `allowed` ones (None = any)."""
        if not isinstance(value, Mapping):
            wanted = f" with the keys {', '.join(sorted(allowed))}" if allowed else ""
            self.refuse(path, f"must be a mapping{wanted}, not {_described(value)}")
            return {}
        if allowed is not None:
            for key in value:
                if key not in allowed:
                    self.refuse(_join(path, key), f"unknown key; known: {', '.join(sorted(allowed))}")
        return value

    def sequence(self, value: Any, path: str, what: str) -> Sequence[Any]:
        """A list; `what` says of what."""
        if isinstance(value, list | tuple):
            return value
        self.refuse(path, f"must be a list of {what}, not {_described(value)}")
        return ()

    def text(self, value: Any, path: str, max_length: int) -> str:
        """Text that is not blank, without surrounding blanks."""
        if not isinstance(value, str) or not value.strip() or len(value) > max_length:
            self.refuse(path, f"must be text of 1 to {max_length} characters, not {_described(value)}")
            return ""
        return value.strip()

    def whole(self, value: Any, path: str, low: int, high: int, unit: str = "") -> int:
        """A whole number from `low` to `high`."""
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            of_unit = f" of {unit}" if unit else ""
            self.refuse(path, f"must be a whole number{of_unit} from {low} to {high}, not {_described(value)}")
            return low
        return value

    def flag(self, value: Any, path: str) -> bool:
        """true or false."""
        if not isinstance(value, bool):
            self.refuse(path, f"must be true or false, not {_described(value)}")
            return False
        return value

    def choice(self, value: Any, path: str, allowed: Sequence[str]) -> str:
        """One of the `allowed` words."""
        if not isinstance(value, str) or value not in allowed:
            self.refuse(path, f"must be one of {', '.join(allowed)}, not {_described(value)}")
            return allowed[0]
        return value


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else str(key)


def _described(value: Any) -> str:
    """A value in few words: it may be anything, and of any length."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
