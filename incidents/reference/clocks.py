"""The clocks of one ticket, by living through its history from one change to the next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from incidents.reference.working_days import WorkingDays

DONE = ("resolved", "closed")
NOTHING = timedelta()


@dataclass(frozen=True)
class Promise:
    """What is promised to a tier and priority (`*` = any), in minutes; None = nothing."""

    tier: str
    priority: str
    response: int | None
    resolution: int | None
    calendar: WorkingDays
    pauses: bool


@dataclass(frozen=True)
class Edition:
    """One version of the policy; `percents` are the shares of a target at which something happens."""

    number: int
    effective_at: datetime
    applies_to: str
    promises: tuple[Promise, ...]
    percents: tuple[Fraction, ...]

    def promise_for(self, tier: str, priority: str) -> Promise | None:
        """The first that fits, whatever the case of the words."""
        wanted = (tier.strip().casefold(), priority.strip().casefold())
        for promise in self.promises:
            words = (promise.tier.casefold(), promise.priority.casefold())
            if all(word in ("*", want) for word, want in zip(words, wanted, strict=True)):
                return promise
        return None


@dataclass(frozen=True)
class Told:
    """What was said of the ticket at a moment."""

    at: datetime
    category: str
    priority: str
    tier: str


@dataclass(frozen=True)
class Scene:
    """A stretch of a clock's life in which nothing changed; `end` None = until further notice."""

    at: datetime
    end: datetime | None
    told: Told
    edition: Edition | None
    promise: Promise | None


@dataclass
class LivedClock:
    """One clock, and what living through it came to. `crossed` also foresees, where the clock runs."""

    kind: str
    cycle: int
    started_at: datetime
    stopped_at: datetime | None = None
    version: int = 0
    target: int = 0
    elapsed: timedelta = NOTHING
    anchor_at: datetime | None = None
    due_at: datetime | None = None
    is_promised: bool = False
    is_paused: bool = False
    is_breached: bool = False
    crossed: dict[Fraction, datetime] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """In the words of the table."""
        if self.stopped_at is not None:
            return "stopped"
        return "paused" if self.is_paused or not self.is_promised else "running"

    @property
    def verdict(self) -> str | None:
        """In the words of the table; None while it lives, and where nothing was promised at its end."""
        if self.stopped_at is None:
            return None
        return "breached" if self.is_breached else "met" if self.is_promised else None


def live_through(
    created_at: datetime, events: Sequence[Told], editions: Sequence[Edition], until: datetime
) -> list[LivedClock]:
    """The clocks as they stand at `until`; events in their order. None where nothing was ever promised."""
    lived = []
    for clock in _births_and_deaths(created_at, events):
        if _live(clock, created_at, events, editions, until):
            lived.append(clock)
    return lived


def _births_and_deaths(created_at: datetime, events: Sequence[Told]) -> list[LivedClock]:
    response, cycles = LivedClock("response", 1, created_at), [LivedClock("resolution", 1, created_at)]
    for at in sorted({max(event.at, created_at) for event in events}):
        said = [event.category for event in events if max(event.at, created_at) == at]
        if response.stopped_at is None and set(said) != {"new"}:
            response.stopped_at = at
        is_done, current = said[-1] in DONE, cycles[-1]
        if current.stopped_at is None:
            if is_done:
                current.stopped_at = at
            elif at > current.started_at and any(word in DONE for word in said):
                current.stopped_at = at
                cycles.append(LivedClock("resolution", len(cycles) + 1, at))
        elif not is_done:
            cycles.append(LivedClock("resolution", len(cycles) + 1, at))
    return [response, *cycles]


def _live(
    clock: LivedClock, created_at: datetime, events: Sequence[Told], editions: Sequence[Edition], until: datetime
) -> bool:
    """Goes through the clock's life from change to change; whether there is anything to tell of it."""
    changes = _changes(clock, created_at, events, editions, until)
    scenes = []
    for at, end in zip(changes, [*changes[1:], clock.stopped_at], strict=True):
        told, edition = _said_by(at, created_at, events), _in_force(at, clock, created_at, editions, until)
        promise = edition.promise_for(told.tier, told.priority) if edition is not None else None
        scenes.append(Scene(at, end, told, edition, promise))
    counting = next((scene.promise for scene in scenes if scene.promise), None)
    if counting is None:
        return False
    for scene in scenes:
        # Time goes on where nothing is promised: as under the promise before, or else the first one after.
        counting = scene.promise or counting
        _play(clock, scene, counting, is_last=scene is scenes[-1])
    return clock.is_promised or bool(clock.crossed) or clock.due_at is not None


def _play(clock: LivedClock, scene: Scene, counting: Promise, *, is_last: bool) -> None:
    target = getattr(scene.promise, clock.kind) if scene.promise else None
    clock.is_promised, clock.is_paused = target is not None, scene.told.category == "waiting" and counting.pauses
    if scene.edition is not None:
        clock.version = scene.edition.number
    if target is not None and scene.edition is not None:
        clock.target = target
        _cross(clock, scene.edition, counting, scene.at, scene.end, is_last)
    clock.anchor_at = scene.end or scene.at
    if scene.end is not None and not clock.is_paused:
        clock.elapsed += counting.calendar.count(scene.at, scene.end)


def _changes(
    clock: LivedClock, created_at: datetime, events: Sequence[Told], editions: Sequence[Edition], until: datetime
) -> list[datetime]:
    """Every moment of its life at which something was said or another edition began to count, its start first."""
    said = {max(event.at, created_at) for event in events}
    begun = {edition.effective_at for edition in editions if edition.effective_at <= until}
    ends, moments = clock.stopped_at, [clock.started_at]
    held = _in_force(clock.started_at, clock, created_at, editions, until)
    for at in sorted(said | begun):
        if at <= clock.started_at or (ends is not None and at >= ends):
            continue
        edition = _in_force(at, clock, created_at, editions, until)
        if at in said or edition is not held:
            moments.append(at)
        held = edition
    return moments


def _said_by(at: datetime, created_at: datetime, events: Sequence[Told]) -> Told:
    said = [event for event in events if max(event.at, created_at) <= at]
    return said[-1] if said else Told(created_at, "new", events[0].priority, events[0].tier)


def _in_force(
    at: datetime, clock: LivedClock, created_at: datetime, editions: Sequence[Edition], until: datetime
) -> Edition | None:
    """The edition that this clock goes by at a moment."""
    held = None
    for edition in sorted(editions, key=lambda one: (one.effective_at, one.number)):
        if edition.effective_at > until:
            break
        if edition.effective_at <= created_at:
            held = edition
            continue
        is_too_late = clock.stopped_at is not None and edition.effective_at >= clock.stopped_at
        if edition.applies_to == "new" or is_too_late:
            continue
        reaches_back = edition.applies_to == "rebase" and edition.effective_at > clock.started_at
        if reaches_back or edition.effective_at <= at:
            held = edition
    return held


def _cross(
    clock: LivedClock, edition: Edition, counting: Promise, at: datetime, end: datetime | None, is_last: bool
) -> None:
    """Notes which shares of the target are used up from `at` on until `end`, or ever; and the deadline."""
    for percent in edition.percents:
        moment = _reach(clock, counting, at, end, clock.target * percent * 60 / 100)
        if percent not in clock.crossed and moment is not None and not _has_stopped(clock, moment):
            clock.crossed[percent] = moment
    if clock.is_breached or clock.due_at is not None:
        return
    moment = _reach(clock, counting, at, end, Fraction(clock.target * 60))
    if moment is not None and not _has_stopped(clock, moment):
        clock.due_at, clock.is_breached = moment, True
    elif is_last and not clock.is_paused:
        # Met in time: it keeps the deadline that it had.
        clock.due_at = _reach(clock, counting, at, None, Fraction(clock.target * 60))


def _reach(
    clock: LivedClock, counting: Promise, at: datetime, end: datetime | None, seconds: Fraction
) -> datetime | None:
    missing = timedelta(microseconds=round(seconds * 1_000_000)) - clock.elapsed
    if clock.is_paused and missing > NOTHING:
        return None
    return counting.calendar.reach(at, missing, end)


def _has_stopped(clock: LivedClock, moment: datetime) -> bool:
    return clock.stopped_at is not None and moment >= clock.stopped_at
