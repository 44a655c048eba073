"""Judging one clock: its life, cut where something changed, walked once. Replay and ledger both stand on this walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from incidents.sla.history import WAITING, Life, Moment
from incidents.sla.policies import Book, Kind, Rule, Step, Version
from incidents.sla.working_time import ZERO

State = Literal["running", "paused", "stopped"]
Verdict = Literal["met", "breached"]


@dataclass(slots=True)
class ClockState:
    """One clock as its ticket's history and the policy make it.

    Attributes:
        version, rule, target: what it is judged by now, or was when it stopped.
        verdict: spoken when the clock stops; None before, and where nothing was promised at the stop.
        due_at: when the whole target is used up: the first time that happened, or else the time foreseen. None while
            paused and unbreached, and where the calendar never gets there. A clock met in time keeps its deadline.
        elapsed: working time used up to `anchor_at`: the stop, or else the last thing said about the ticket.
        crossings: for each step of `version` when it was first crossed; for a running clock also when it will be.
        retired: crossings of steps that an earlier version had and `version` has not.
    """

    kind: Kind
    cycle: int
    version: Version
    rule: Rule
    target: timedelta
    state: State
    verdict: Verdict | None
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    elapsed: timedelta
    anchor_at: datetime
    crossings: tuple[datetime | None, ...]
    retired: tuple[tuple[Step, datetime], ...] = ()

    def elapsed_at(self, moment: datetime) -> timedelta:
        """Working time used by `moment`; never less than at `anchor_at`, even where a machine's clock was set back."""
        if self.state != "running":
            return self.elapsed
        return self.elapsed + self.rule.calendar.elapsed(self.anchor_at, moment)


class Segment(NamedTuple):
    """A stretch of a life in which nothing changed; `end` None = until further notice."""

    start: datetime
    end: datetime | None
    moment: Moment
    version: Version | None
    rule: Rule | None


class Recorder(Protocol):
    """Is told each step of the walk."""

    def rebased(self, version: Version) -> None:
        """The whole life is judged by `version`, from `version.effective_at` back to its start."""
        ...

    def segment(self, segment: Segment, measure: Rule, target: timedelta | None, is_paused: bool) -> None:
        """A stretch is walked; `measure` is the rule whose calendar counts in it."""
        ...


def judge(
    life: Life, moments: Sequence[Moment], book: Book, now: datetime | None, recorder: Recorder | None = None
) -> ClockState | None:
    """Walk one life; None where it never had a promise that still matters (see `_Walk.conclude`)."""
    started_at = moments[life.first].at
    stopped_at = None if life.last is None else moments[life.last].at
    base, changes = _reigning(book, moments[0].at, started_at, stopped_at, now, recorder)
    segments = _cut(life, moments, base, changes)
    measures = _measures(segments)
    if measures is None:
        return None
    walk = _Walk(life.kind, stopped_at)
    for segment, measure in zip(segments, measures, strict=True):
        is_paused = segment.moment.category == WAITING and measure.pauses_when_waiting
        if recorder is not None:
            target = segment.rule.target(life.kind) if segment.rule is not None else None
            recorder.segment(segment, measure, target, is_paused)
        walk.go(segment, measure, is_paused)
    return walk.conclude(life, started_at)


def _reigning(
    book: Book,
    created_at: datetime,
    started_at: datetime,
    stopped_at: datetime | None,
    now: datetime | None,
    recorder: Recorder | None,
) -> tuple[Version | None, list[Version]]:
    """The version a life begins under and those that take over while it lasts."""
    base = book.base_version(created_at)
    changes: list[Version] = []
    for version in book.later_versions(created_at):
        moment = version.effective_at
        if (now is not None and moment > now) or (stopped_at is not None and moment >= stopped_at):
            break
        if moment <= started_at:
            base = version
        elif version.applies_to == "rebase":
            base, changes = version, []
            if recorder is not None:
                recorder.rebased(version)
        else:
            changes.append(version)
    return base, changes


def _cut(life: Life, moments: Sequence[Moment], base: Version | None, changes: Sequence[Version]) -> list[Segment]:
    """The life in segments. A life of no length is one empty segment, so that it is judged by something."""
    segments: list[Segment] = []
    version, taken = base, 0
    final = len(moments) if life.last is None else life.last
    for index in range(life.first, max(final, life.first + 1)):
        moment = moments[index]
        start = moment.at
        end = moments[index + 1].at if index + 1 < len(moments) else None
        if life.last == life.first:
            end = start
        while taken < len(changes) and (end is None or changes[taken].effective_at < end):
            change = changes[taken].effective_at
            if change > start:
                segments.append(Segment(start, change, moment, version, _match(version, moment)))
                start = change
            version = changes[taken]
            taken += 1
        segments.append(Segment(start, end, moment, version, _match(version, moment)))
    return segments


def _match(version: Version | None, moment: Moment) -> Rule | None:
    return None if version is None else version.match(moment.last.tier, moment.last.priority)


def _measures(segments: Sequence[Segment]) -> list[Rule] | None:
    """The rule whose calendar and pauses count in each segment; None when no segment has any.

    Time goes on where nothing is promised: it is counted as under the rule before, or else the first one after.
    """
    measure = next((segment.rule for segment in segments if segment.rule is not None), None)
    if measure is None:
        return None
    return [measure := segment.rule or measure for segment in segments]


class _Walk:
    """What is known of a clock so far on its walk through the segments."""

    __slots__ = (
        "crossed",
        "due",
        "elapsed",
        "elapsed_before",
        "is_paused",
        "kind",
        "promised",
        "segment",
        "stopped_at",
    )

    def __init__(self, kind: Kind, stopped_at: datetime | None) -> None:
        self.kind = kind
        self.stopped_at = stopped_at
        self.elapsed = ZERO
        self.elapsed_before = ZERO
        self.crossed: dict[int | float, tuple[Step, datetime]] = {}
        self.due: datetime | None = None
        self.segment: Segment | None = None
        self.is_paused = False
        self.promised: tuple[Rule, timedelta] | None = None

    def go(self, segment: Segment, measure: Rule, is_paused: bool) -> None:
        """Walk one segment: note what is crossed in it, then count its time."""
        start, end, _, version, rule = segment
        gained = ZERO if is_paused or end is None else measure.calendar.elapsed(start, end)
        # The elapsed time that this segment reaches; None = any, given time.
        limit = None if end is None and not is_paused else self.elapsed + gained
        target = None if rule is None else rule.target(self.kind)
        if rule is not None and version is not None and target is not None:
            self.promised = (rule, target)
            crossed = self.crossed
            for step, (percent, offset) in zip(version.steps, version.offsets(target), strict=True):
                if limit is not None and offset > limit:
                    break
                if percent not in crossed and (moment := self._reach(start, measure, offset)):
                    crossed[percent] = (step, moment)
            if self.due is None and (limit is None or target <= limit):
                self.due = self._reach(start, measure, target)
        self.segment, self.is_paused = segment, is_paused
        self.elapsed_before = self.elapsed
        self.elapsed += gained

    def _reach(self, start: datetime, measure: Rule, offset: timedelta) -> datetime | None:
        """When the elapsed time reaches `offset`, counted on from `start`; a stop at that very moment comes first."""
        moment: datetime | None = start
        if offset > self.elapsed:
            moment = measure.calendar.add(start, offset - self.elapsed)
        if moment is not None and self.stopped_at is not None and moment >= self.stopped_at:
            return None
        return moment

    def conclude(self, life: Life, started_at: datetime) -> ClockState | None:
        """The clock; None where nothing is promised at the end and nothing was crossed before (no SLA)."""
        segment, promised = self.segment, self.promised
        if segment is None or promised is None or segment.version is None:
            return None
        rule, target = promised
        is_promised = segment.rule is not None and segment.rule.target(self.kind) is not None
        if not (is_promised or self.crossed or self.due):
            return None
        due_at, verdict = self.due, None
        if due_at is None and is_promised and not self.is_paused:
            due_at = rule.calendar.add(segment.start, target - self.elapsed_before)
        if self.stopped_at is not None:
            state: State = "stopped"
            verdict = self._verdict(is_promised)
        else:
            state = "paused" if self.is_paused or not is_promised else "running"
        crossings, retired = self._sort_crossings(segment.version)
        # Positional: this runs for every clock of every ticket that changes.
        return ClockState(
            life.kind, life.cycle, segment.version, rule, target, state, verdict, started_at, self.stopped_at, due_at,
            self.elapsed, segment.end or segment.start, crossings, retired,
        )  # fmt: skip

    def _verdict(self, is_promised: bool) -> Verdict | None:
        if self.due is not None:
            return "breached"
        return "met" if is_promised else None

    def _sort_crossings(
        self, version: Version
    ) -> tuple[tuple[datetime | None, ...], tuple[tuple[Step, datetime], ...]]:
        """The crossings of the version's own steps, in their order, and those of steps it does not have."""
        crossed = self.crossed
        crossings = tuple([found[1] if (found := crossed.get(step.percent)) else None for step in version.steps])
        if len(crossings) - crossings.count(None) == len(crossed):
            return crossings, ()
        current = {step.percent for step in version.steps}
        return crossings, tuple(found for percent, found in crossed.items() if percent not in current)
