"""The contract between the rows of enrichment and whoever knows something: what may be asked, and how it may end.

A new provider is one file with one `Provider`. No model is known here, so that nothing can hold the database while it
talks to the network.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.outgoing import OutgoingClient

Answer = dict[str, Any]
MAX_REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Subject:
    """What a provider may know of an incident. Both coordinates are there, or none is."""

    id: int
    ip: str = ""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Latitude and longitude, where both are known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude


class NothingToLookUp(Exception):
    """The provider has nothing to go by, or knows nothing about it. No failure: another attempt changes nothing."""


class LookUpFailed(Exception):
    """The provider could not answer. `is_permanent` where another attempt would end the same way.

    Args:
        reason: one line for people, without a secret.
        after_seconds: the provider's own wish of when to come back.
    """

    def __init__(self, reason: str, *, is_permanent: bool = False, after_seconds: float | None = None) -> None:
        super().__init__(reason[:MAX_REASON_CHARACTERS])
        self.is_permanent = is_permanent
        self.after_seconds = after_seconds


class NotNow(Exception):
    """The provider may not be asked at present, because it was asked too often; that counts as no attempt."""

    def __init__(self, after_seconds: float) -> None:
        super().__init__(f"not for {after_seconds:g} seconds")
        self.after_seconds = after_seconds


@dataclass(frozen=True, slots=True)
class Provider:
    """One that answers at once, from files or from our own database.

    `look_up` raises NothingToLookUp or LookUpFailed.
    """

    name: str
    label: str
    look_up: Callable[[Subject], Answer]


@dataclass(frozen=True, slots=True)
class RemoteProvider:
    """One that is asked over the network, at `url_of(subject)`.

    `url_of` raises NothingToLookUp, `ask` LookUpFailed. What it answered is kept under its URL.
    """

    name: str
    label: str
    url_of: Callable[[Subject], str]
    ask: Callable[[str, OutgoingClient], Coroutine[Any, Any, Answer]]


def source(name: str, as_of: str) -> Mapping[str, str]:
    """Where a fact comes from, and how old that is."""
    return {"name": name, "as_of": as_of}
