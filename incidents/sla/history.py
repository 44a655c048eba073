"""A ticket's history, settled: what held from which instant on, and the stretches in which its clocks lived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from incidents.sla.policies import RESOLUTION, RESPONSE, Kind

Category = Literal["new", "active", "waiting", "resolved", "closed"]

NEW: Final = "new"
WAITING: Final = "waiting"
DONE: Final = frozenset({"resolved", "closed"})


@dataclass(slots=True)
class HistoryEvent:
    """One event of a ticket: the whole state from `at` on. `source` is handed through to the ledger untouched."""

    at: datetime
    category: str
    priority: str
    tier: str
    source: object = None


@dataclass(slots=True)
class Moment:
    """What holds from `at` on, once all events of that instant are in.

    `answer` is the first event of the instant that is not `new`, `stop` the first that is resolved or closed.
    """

    at: datetime
    last: HistoryEvent
    category: str
    answer: HistoryEvent | None = None
    stop: HistoryEvent | None = None


@dataclass(slots=True)
class Life:
    """One clock's life: from `moments[first]` to `moments[last]` (None = still alive)."""

    kind: Kind
    cycle: int
    first: int
    last: int | None


def settle(created_at: datetime, events: Sequence[HistoryEvent]) -> list[Moment]:
    """The instants at which something was said, in order, beginning with `created_at`.

    Events must be in the total order. What a sender dates before the ticket's creation counts from the creation on.
    Between the creation and the first event the ticket is `new`, with the first event's priority and tier.
    """
    moment = Moment(created_at, events[0], NEW)
    moments = [moment]
    for event in events:
        at = event.at if event.at.tzinfo is UTC else event.at.astimezone(UTC)
        if at > moment.at:
            moment = Moment(at, event, event.category)
            moments.append(moment)
        category = event.category
        moment.last, moment.category = event, category
        if category != NEW:
            moment.answer = moment.answer or event
            if category in DONE:
                moment.stop = moment.stop or event
    return moments


def find_lives(moments: Sequence[Moment]) -> list[Life]:
    """The lives of all clocks: one response, then the resolution cycles.

    On one instant a stop comes before a pause, and that before a start: what is reopened and resolved at the same
    instant was never reopened, and what is resolved and reopened at the same instant begins a new cycle.
    """
    response = Life(RESPONSE, 1, 0, None)
    lives = [response]
    life: Life | None = None
    cycle = 0
    for index, moment in enumerate(moments):
        if response.last is None and moment.answer is not None:
            response.last = index
        is_open = moment.category not in DONE
        if life is not None and moment.stop is not None:
            life.last, life = index, None
        if life is None and (is_open or not cycle):
            cycle += 1
            life = Life(RESOLUTION, cycle, index, None)
            lives.append(life)
            if not is_open:
                life.last, life = index, None
    return lives
