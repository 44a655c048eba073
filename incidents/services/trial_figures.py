"""Figures of a policy's trial: what becomes of open tickets, and of the verdicts of the last days. Reads nothing.

Each tally can be laid down as JSON and taken up again, so that the work can be done in slices.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from incidents.choices import SLAState
from incidents.intake.ticket_cases import nearest_moments
from incidents.sla.clocks import ClockState

MOST_GROUPS = 100
MOST_EXAMPLES = 10
OTHER = "(other)"
MOVES = ("earlier", "later", "same", "gained", "lost", "none")
# The kinds of tickets that examples are kept of.
SHOWN = ("breached", "earlier", "later", "gained", "lost", "healed")

Key = tuple[str, ...]


class Standing(NamedTuple):
    """How an open ticket stands at a moment: whether a clock of it lives, its nearest deadline, and its state."""

    is_promised: bool
    due_at: datetime | None
    state: SLAState


def find_standing(clocks: Sequence[ClockState], moment: datetime) -> Standing:
    """As the lists will show it once these clocks are written."""
    due_at, alert_at, breach_at = nearest_moments(clocks)
    is_promised = any(clock.state != "stopped" for clock in clocks)
    if breach_at is not None and breach_at <= moment:
        return Standing(is_promised, due_at, SLAState.BREACH)
    if alert_at is not None and alert_at <= moment:
        return Standing(is_promised, due_at, SLAState.ALERT)
    return Standing(is_promised, due_at, SLAState.OK)


def tell_move(before: Standing, after: Standing) -> str:
    """One of MOVES. A deadline that nobody can foresee, as while paused, counts as later than any other."""
    if before.is_promised != after.is_promised:
        return "gained" if after.is_promised else "lost"
    if not before.is_promised:
        return "none"
    if before.due_at == after.due_at:
        return "same"
    if before.due_at is None or (after.due_at is not None and after.due_at < before.due_at):
        return "earlier"
    return "later"


class Groups:
    """Counts by a key, the first MOST_GROUPS keys each for itself and the others together: names come from outside."""

    def __init__(self, rows: Iterable[Sequence[Any]] = ()) -> None:
        self.counts: dict[Key, Counter[str]] = {tuple(key): Counter(counts) for key, counts in rows}

    def of(self, key: Key) -> Counter[str]:
        """The counts of a key."""
        found = self.counts.get(key)
        if found is None:
            if len(self.counts) >= MOST_GROUPS:
                key = (*key[:-2], OTHER, OTHER)
            found = self.counts.setdefault(key, Counter())
        return found

    def dump(self) -> list[Any]:
        """As JSON."""
        return [[list(key), dict(counts)] for key, counts in self.counts.items()]


class OpenTally:
    """What becomes of open tickets under one way of publishing."""

    def __init__(self, dumped: Mapping[str, Any] | None = None) -> None:
        self.groups = Groups(dumped["groups"] if dumped else ())
        self.examples: dict[str, list[dict[str, Any]]] = dict(dumped["examples"]) if dumped else {}

    def add(self, ticket_id: int, tier: str, priority: str, before: Standing, after: Standing) -> None:
        """Counts one ticket."""
        counts = self.groups.of((tier, priority))
        move = tell_move(before, after)
        counts["total"] += 1
        counts[move] += 1
        counts[f"{before.state}_before"] += 1
        counts[f"{after.state}_after"] += 1
        words = [] if move in ("same", "none") else [move]
        if before.state != after.state and SLAState.BREACH in (before.state, after.state):
            word = "breached" if after.state == SLAState.BREACH else "healed"
            counts[word] += 1
            words.append(word)
        for word in words:
            self._show(word, ticket_id, tier, priority, before.due_at, after.due_at)

    def _show(
        self, word: str, ticket_id: int, tier: str, priority: str, before: datetime | None, after: datetime | None
    ) -> None:
        """Keeps the ticket as an example if its deadline moves further than that of one which is kept."""
        kept = self.examples.setdefault(word, [])
        shift = (after - before).total_seconds() if before is not None and after is not None else None
        far = abs(shift or 0)
        if len(kept) >= MOST_EXAMPLES and far <= abs(kept[-1]["shift_seconds"] or 0):
            return
        kept.append(
            {
                "ticket": ticket_id,
                "customer_tier": tier,
                "priority": priority,
                "due_before": before.isoformat() if before else None,
                "due_after": after.isoformat() if after else None,
                "shift_seconds": shift,
            }
        )
        kept.sort(key=lambda row: -abs(row["shift_seconds"] or 0))
        del kept[MOST_EXAMPLES:]

    def dump(self) -> dict[str, Any]:
        """As JSON."""
        return {"groups": self.groups.dump(), "examples": self.examples}


class BacktestTally:
    """Verdicts as they were spoken against verdicts as they would have been."""

    def __init__(self, dumped: Sequence[Any] = ()) -> None:
        self.groups = Groups(dumped)

    def add(self, kind: str, tier: str, priority: str, judged: str | None, under: str | None) -> None:
        """Counts one clock that has stopped; None where nothing was, or would have been, promised."""
        counts = self.groups.of((kind, tier, priority))
        if judged is not None:
            counts[f"judged_{judged}"] += 1
        if under is not None:
            counts[f"under_{under}"] += 1
        if judged != under:
            counts[_TURNS[judged, under]] += 1

    def dump(self) -> list[Any]:
        """As JSON."""
        return self.groups.dump()


_TURNS = {
    ("met", "breached"): "turned_breached",
    ("breached", "met"): "turned_met",
    ("met", None): "no_longer_promised",
    ("breached", None): "no_longer_promised",
    (None, "met"): "newly_promised",
    (None, "breached"): "newly_promised",
}
