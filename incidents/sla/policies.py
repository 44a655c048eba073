"""Policies: what is promised to whom, in versions, compiled for judging clocks."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from incidents.sla.working_time import Calendar

Kind = Literal["response", "resolution"]
AppliesTo = Literal["new", "open", "rebase"]
StepState = Literal["alert", "breach"]

RESPONSE: Final = "response"
RESOLUTION: Final = "resolution"
ANY: Final = "*"

# Tiers and priorities come from other systems: nobody may grow the cache without end by inventing names.
CACHE_LIMIT = 4_096


@dataclass(frozen=True, slots=True)
class Rule:
    """What is promised for one tier and priority (`*` = any). A target of None promises nothing of that kind."""

    tier: str
    priority: str
    response: timedelta | None
    resolution: timedelta | None
    calendar: Calendar
    pauses_when_waiting: bool = True
    position: int = 0

    def target(self, kind: Kind) -> timedelta | None:
        """Working time allowed for `kind`."""
        return self.response if kind == RESPONSE else self.resolution


@dataclass(frozen=True, slots=True)
class Step:
    """What happens when a clock has used `percent` of its target. No channels = every channel that matches."""

    percent: int | float
    state: StepState
    level: int = 1
    channels: tuple[str, ...] = ()


Offsets = tuple[tuple[int | float, timedelta], ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable version of the policy: ordered rules, the first that matches holds, and ascending steps.

    `applies_to` says which tickets that were there before `effective_at` follow: none (`new`), live clocks from then on
    with the working time so far carried over (`open`), or live clocks recomputed from their start (`rebase`).
    """

    id: int | None
    number: int
    effective_at: datetime
    applies_to: AppliesTo
    rules: tuple[Rule, ...]
    steps: tuple[Step, ...] = ()
    _matches: dict[tuple[str, str], Rule | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    _offsets: dict[timedelta, Offsets] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        percents = [step.percent for step in self.steps]
        if any(percent <= 0 for percent in percents) or sorted(set(percents)) != percents:
            raise ValueError(f"steps must ascend from above 0 %, each once: {percents}")
        object.__setattr__(self, "effective_at", self.effective_at.astimezone(UTC))

    def match(self, tier: str, priority: str) -> Rule | None:
        """The first rule for this tier and priority, whatever their case; None = no SLA."""
        try:
            return self._matches[tier, priority]
        except KeyError:
            return self._remember(tier, priority)

    def offsets(self, target: timedelta) -> Offsets:
        """(percent, working time) of every step for one target, ascending."""
        try:
            return self._offsets[target]
        except KeyError:
            offsets = tuple((step.percent, target * step.percent / 100) for step in self.steps)
            self._offsets[target] = offsets
            return offsets

    def _remember(self, tier: str, priority: str) -> Rule | None:
        if len(self._matches) >= CACHE_LIMIT:
            self._matches.clear()
        wanted_tier, wanted_priority = tier.strip().casefold(), priority.strip().casefold()
        found = None
        for rule in self.rules:
            if rule.tier.casefold() in (ANY, wanted_tier) and rule.priority.casefold() in (ANY, wanted_priority):
                found = rule
                break
        self._matches[tier, priority] = found
        return found


class Book:
    """All versions of the policy, in the order in which they take effect."""

    __slots__ = ("_bases", "_by_id", "_laters", "_moments", "versions")

    def __init__(self, versions: Sequence[Version]) -> None:
        self.versions = tuple(sorted(versions, key=lambda version: (version.effective_at, version.number)))
        self._by_id = {version.id: version for version in self.versions}
        self._moments = [version.effective_at for version in self.versions]
        self._bases: list[Version | None] = [None, *self.versions]
        self._laters = [
            tuple(version for version in self.versions[index:] if version.applies_to != "new")
            for index in range(len(self.versions) + 1)
        ]

    def find(self, version_id: int) -> Version:
        """The version with this id; KeyError where there is none."""
        return self._by_id[version_id]

    def base_version(self, created_at: datetime) -> Version | None:
        """The version a ticket of that moment starts under; None before the first one took effect."""
        return self._bases[bisect_right(self._moments, created_at)]

    def later_versions(self, created_at: datetime) -> tuple[Version, ...]:
        """The versions after that moment which older tickets may follow (`new` ones left out), in order."""
        return self._laters[bisect_right(self._moments, created_at)]

    def lone_version(self, created_at: datetime) -> Version | None:
        """The base version of a ticket of that moment, where no later one can matter to it."""
        index = bisect_right(self._moments, created_at)
        return None if self._laters[index] else self._bases[index]

    def next_effective_at(self, after: datetime) -> datetime | None:
        """When the next version takes effect that older tickets may follow."""
        later = self.later_versions(after)
        return later[0].effective_at if later else None
