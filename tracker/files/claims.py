"""Which kept files somebody needs. Each package that stores files says so here, and the sweep of orphans asks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileClaim:
    """One table whose rows name files.

    Attributes:
        find: which of these keys its rows name.
        keys: all keys that its rows name, in their order.
    """

    find: Callable[[Sequence[str]], set[str]]
    keys: Callable[[], Iterable[str]]


_claims: dict[str, FileClaim] = {}


def declare_claim(name: str, claim: FileClaim) -> None:
    """Adds a table; declaring one again replaces it."""
    _claims[name] = claim


def find_claimed(keys: Sequence[str]) -> set[str]:
    """Which of these keys some row names."""
    return {key for claim in _claims.values() for key in claim.find(keys)}


def claimed_keys() -> Iterable[str]:
    """All keys that rows of the declared tables name, a table after the other, each in the order of the keys."""
    for claim in _claims.values():
        yield from claim.keys()
