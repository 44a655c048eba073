"""Which kinds of rows have a time after which they go. Each package says so here; an admin says after how many days.

What every figure is counted from has none: tickets, their histories and clocks, stays, alerts, daily figures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RetentionKind:
    """One kind of rows.

    Attributes:
        default_days: how long they are kept where nobody said otherwise.
        least_days: what nobody may go below.
        count: how many would go that are older than a moment, counted up to a limit.
        prune: deletes them until `time.monotonic()` reaches the second argument; how many, and whether all went.
    """

    key: str
    label: str
    says: str
    default_days: int
    least_days: int
    count: Callable[[datetime, int], int]
    prune: Callable[[datetime, float], tuple[int, bool]]


_kinds: dict[str, RetentionKind] = {}
_kept_verbs: set[str] = set()
_open_objects: dict[str, str] = {}


def declare(*kinds: RetentionKind) -> None:
    """Adds kinds; declaring one again replaces it."""
    _kinds.update({kind.key: kind for kind in kinds})


def keep_lines(*, verbs: Sequence[str] = (), open_objects: Mapping[str, str] | None = None) -> None:
    """Says which lines of the log never go, however old.

    Args:
        verbs: what figures, or what happens next, are read from.
        open_objects: by type, a statement that selects the ids (as text) of the objects that are not dealt with yet;
            their timelines stay whole.
    """
    _kept_verbs.update(verbs)
    _open_objects.update(open_objects or {})


def all_kinds() -> Mapping[str, RetentionKind]:
    """Every kind by its key, in the order in which they were declared."""
    return _kinds


def kept_verbs() -> list[str]:
    """The verbs whose lines stay."""
    return sorted(_kept_verbs)


def open_objects() -> Mapping[str, str]:
    """By type, the statement that selects what is not dealt with yet."""
    return _open_objects
