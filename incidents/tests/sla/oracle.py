"""A second SLA, slow and plain: it lives through every minute. It shares no code with `incidents.sla`.

Its only purpose is to disagree. Times are whole minutes; so must be every target and every step's share of it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class OracleCalendar:
    """`hours[weekday]` = [(opens, closes)] in minutes of the local day; None = always open."""

    zone: str = "UTC"
    hours: tuple[tuple[tuple[int, int], ...], ...] | None = None
    holidays: frozenset[date] = frozenset()

    def is_working(self, minute: datetime) -> bool:
        """Does the clock on the wall, at this minute, show a time within the hours?"""
        if self.hours is None:
            return True
        wall = minute.astimezone(ZoneInfo(self.zone))
        shown = wall.hour * 60 + wall.minute
        return wall.date() not in self.holidays and any(a <= shown < b for a, b in self.hours[wall.weekday()])

    def count(self, start: datetime, end: datetime) -> int:
        """Working minutes in [start, end)."""
        return sum(self.is_working(start + MINUTE * n) for n in range((end - start) // MINUTE))


@dataclass(frozen=True)
class OracleRule:
    tier: str
    priority: str
    response: int | None
    resolution: int | None
    calendar: OracleCalendar
    pauses: bool


@dataclass(frozen=True)
class OracleVersion:
    number: int
    effective_at: datetime
    applies_to: str
    rules: tuple[OracleRule, ...]
    percents: tuple[int, ...]

    def rule_for(self, tier: str, priority: str) -> OracleRule | None:
        for rule in self.rules:
            if rule.tier in ("*", tier) and rule.priority in ("*", priority):
                return rule
        return None


@dataclass(frozen=True)
class OracleEvent:
    at: datetime
    category: str
    priority: str
    tier: str


@dataclass
class OracleClock:
    kind: str
    cycle: int
    start: datetime
    stop: datetime | None = None
    version: int = 0
    target: int | None = None
    elapsed: int = 0
    due: datetime | None = None
    crossed: dict[int, datetime] = field(default_factory=dict)
    is_promised: bool = False
    is_paused: bool = False


def live_through(
    created_at: datetime, events: list[OracleEvent], versions: list[OracleVersion], until: datetime
) -> list[OracleClock]:
    """The clocks as they stand at `until`, which lies at or after the last event. Events are in order."""
    clocks = _births_and_deaths(created_at, events)
    for clock in clocks:
        _live(clock, created_at, events, versions, until)
    return [clock for clock in clocks if clock.is_promised or clock.crossed or clock.due]


def _births_and_deaths(created_at: datetime, events: list[OracleEvent]) -> list[OracleClock]:
    response = OracleClock("response", 1, created_at)
    cycles = [OracleClock("resolution", 1, created_at)]
    for at in sorted({max(event.at, created_at) for event in events}):
        said = [event.category for event in events if max(event.at, created_at) == at]
        if response.stop is None and set(said) != {"new"}:
            response.stop = at
        ends_done = said[-1] in ("resolved", "closed")
        current = cycles[-1]
        if current.stop is None:
            if ends_done:
                current.stop = at
            elif at > current.start and {"resolved", "closed"} & set(said):
                current.stop = at
                cycles.append(OracleClock("resolution", len(cycles) + 1, at))
        elif not ends_done:
            cycles.append(OracleClock("resolution", len(cycles) + 1, at))
    return [response, *cycles]


def _state_at(minute: datetime, created_at: datetime, events: list[OracleEvent]) -> OracleEvent:
    """What was last said by this minute, that minute included."""
    said = [event for event in events if max(event.at, created_at) <= minute]
    return said[-1] if said else OracleEvent(created_at, "new", events[0].priority, events[0].tier)


def _version_at(
    minute: datetime, clock: OracleClock, created_at: datetime, versions: list[OracleVersion], until: datetime
) -> OracleVersion | None:
    """The version in force for this clock at this minute."""
    order = sorted(versions, key=lambda version: (version.effective_at, version.number))
    held = None
    for version in order:
        if version.effective_at > until:
            continue
        if version.effective_at <= created_at:
            held = version
            continue
        if version.applies_to == "new" or (clock.stop is not None and version.effective_at >= clock.stop):
            continue
        reaches_back = version.applies_to == "rebase" and version.effective_at > clock.start
        if reaches_back or version.effective_at <= minute:
            held = version
    return held


def _live(
    clock: OracleClock, created_at: datetime, events: list[OracleEvent], versions: list[OracleVersion], until: datetime
) -> None:
    end = clock.stop or until
    minutes = [clock.start + MINUTE * n for n in range(max((end - clock.start) // MINUTE, 1))]
    if clock.stop is None and minutes[-1] < until:
        minutes.append(until)
    states = [_state_at(minute, created_at, events) for minute in minutes]
    in_force = [_version_at(minute, clock, created_at, versions, until) for minute in minutes]
    rules = [v.rule_for(s.tier, s.priority) if v else None for v, s in zip(in_force, states, strict=True)]
    if not any(rules):
        return
    counting = next(rule for rule in rules if rule)
    for minute, state, version, rule in zip(minutes, states, in_force, rules, strict=True):
        counting = rule or counting
        target = getattr(rule, clock.kind) if rule else None
        clock.is_promised = target is not None
        clock.is_paused = clock.kind == "resolution" and state.category == "waiting" and counting.pauses
        if version:
            clock.version = version.number
        if target is not None and version is not None:
            clock.target = target
            _note(clock, minute, target, version)
        # The last minute of an open clock is `until` itself, which has not passed yet.
        if minute < end and not clock.is_paused and counting.calendar.is_working(minute):
            clock.elapsed += 1
        if target is not None and version is not None:
            _note(clock, minute + MINUTE, target, version) if minute + MINUTE <= end else None


def _note(clock: OracleClock, minute: datetime, target: int, version: OracleVersion) -> None:
    if clock.stop is not None and minute >= clock.stop:
        return
    for percent in version.percents:
        if clock.elapsed * 100 >= percent * target:
            clock.crossed.setdefault(percent, minute)
    if clock.elapsed >= target and clock.due is None:
        clock.due = minute
