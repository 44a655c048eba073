"""Random worlds (calendars, policies, histories), each told to the engine and to the oracle."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from incidents.sla.calendars import DAYS, CalendarSpec, compile_calendar
from incidents.sla.clocks import HistoryEvent
from incidents.sla.policies import Book, Rule, Step, Version
from incidents.tests.sla.oracle import OracleCalendar, OracleEvent, OracleRule, OracleVersion

# A Friday before the clocks go forward in Berlin, so that a world of five days has nights, a weekend and a short day.
DAWN = datetime(2026, 3, 27, 12, tzinfo=UTC)
SPAN_MINUTES = 5 * 1440
CATEGORIES = ("new", "active", "waiting", "resolved", "closed")
RANK = {category: rank for rank, category in enumerate(CATEGORIES)}

OFFICE = ((540, 720), (780, 1020))
CALENDARS = (
    OracleCalendar(),
    OracleCalendar("Europe/Berlin", (OFFICE,) * 5 + ((), ())),
    OracleCalendar("Europe/Berlin", (((0, 1440),),) * 7, frozenset({date(2026, 3, 28)})),
    OracleCalendar("America/New_York", (((480, 1080),),) * 5 + (((600, 840),), ())),
    OracleCalendar("Australia/Lord_Howe", (((60, 195), (1380, 1440)),) * 7),
)


@dataclass(frozen=True)
class World:
    """A ticket and the policy it lives under. `sent` are its events with the sender's sequence, in their true order."""

    created_at: datetime
    sent: tuple[tuple[OracleEvent, int], ...]
    versions: tuple[OracleVersion, ...]

    @property
    def told(self) -> list[OracleEvent]:
        """The history for the oracle."""
        return [event for event, _ in self.sent]

    @property
    def events(self) -> list[HistoryEvent]:
        """The history for the engine; each event names its place as its source."""
        return [HistoryEvent(e.at, e.category, e.priority, e.tier, n) for n, e in enumerate(self.told)]

    @property
    def book(self) -> Book:
        """The policy for the engine."""
        return Book([_version(version) for version in self.versions])

    @property
    def end(self) -> datetime:
        """When everything that was sent has happened."""
        return max(self.created_at, *(event.at for event in self.told))


def in_order(sent: Sequence[tuple[OracleEvent, int]]) -> tuple[tuple[OracleEvent, int], ...]:
    """The total order of history, each event once."""
    return tuple(sorted(set(sent), key=lambda s: (s[0].at, s[1], RANK[s[0].category], s[0].priority, s[0].tier)))


def _moments(low: int = 0) -> st.SearchStrategy[datetime]:
    # Whole hours are likelier: things that happen at one moment are what goes wrong.
    minutes = st.integers(low // 60, SPAN_MINUTES // 60).map(lambda hour: hour * 60) | st.integers(low, SPAN_MINUTES)
    return minutes.map(lambda minute: DAWN + timedelta(minutes=minute))


_events = st.builds(
    OracleEvent,
    at=_moments(-60),
    category=st.sampled_from(CATEGORIES),
    priority=st.sampled_from(["high", "low", "odd"]),
    tier=st.sampled_from(["gold", "bronze"]),
)
_targets = st.none() | st.sampled_from([20, 60, 120, 240, 480, 600])
_rules = st.builds(
    OracleRule,
    tier=st.sampled_from(["gold", "bronze", "*"]),
    priority=st.sampled_from(["high", "low", "*"]),
    response=_targets,
    resolution=_targets,
    calendar=st.sampled_from(CALENDARS),
    pauses=st.booleans(),
)
_percents = st.sets(st.sampled_from([50, 75, 80, 85, 100, 150, 200]), max_size=4).map(lambda s: tuple(sorted(s)))


@st.composite
def worlds(draw: st.DrawFn, max_versions: int = 3) -> World:
    """A ticket of up to ten events over five days."""
    count = draw(st.integers(1, max_versions))
    first = draw(st.booleans())
    versions = [
        OracleVersion(
            number=number + 1,
            effective_at=DAWN - timedelta(days=9) if first and number == 0 else draw(_moments()),
            applies_to=draw(st.sampled_from(["new", "open", "rebase"])),
            rules=tuple(draw(st.lists(_rules, min_size=1, max_size=4))),
            percents=draw(_percents),
        )
        for number in range(count)
    ]
    created_at = draw(_moments())
    sent = draw(st.lists(st.tuples(_events, st.integers(0, 1)), min_size=1, max_size=10))
    return World(created_at, in_order(sent), tuple(versions))


def _version(told: OracleVersion) -> Version:
    rules = tuple(_rule(rule, position) for position, rule in enumerate(told.rules))
    steps = tuple(Step(percent, "breach" if percent >= 100 else "alert") for percent in told.percents)
    return Version(told.number, told.number, told.effective_at, told.applies_to, rules, steps)  # type: ignore[arg-type]


def _rule(told: OracleRule, position: int) -> Rule:
    hours = None
    if told.calendar.hours is not None:
        hours = {
            day: [(_clock(opens), _clock(closes)) for opens, closes in stretches]
            for day, stretches in zip(DAYS, told.calendar.hours, strict=True)
        }
    extra = [day.isoformat() for day in told.calendar.holidays]
    calendar = compile_calendar(CalendarSpec("", told.calendar.zone, hours, extra_holidays=extra))
    return Rule(told.tier, told.priority, _time(told.response), _time(told.resolution), calendar, told.pauses, position)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _time(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)
