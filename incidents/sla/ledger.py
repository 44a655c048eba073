"""The ledger of a clock: every stretch of its life and what it counted, adding up to the deadline.

The rows come from the very walk that judges the clock (`judging.judge`), so they cannot tell another story.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from incidents.sla.history import HistoryEvent, Life, Moment, find_lives, settle
from incidents.sla.judging import ClockState, Segment, judge
from incidents.sla.policies import RESPONSE, Book, Kind, Rule, Version
from incidents.sla.working_time import ZERO

What = Literal["started", "ran", "out_of_hours", "paused", "retargeted", "policy_changed", "due", "stopped"]


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One stretch [start, end), or one instant (start = end), of a clock's life.

    Attributes:
        duration: how long the stretch took by the wall clock; in `ran` rows that is the working time counted.
        total: working time counted up to its end.
        why: in words; `source` is the event behind it as handed in, None where no event is.
        version, target: the policy version's number and the promise in force, None where there is none.
        is_projected: lies after now: foreseen, should nothing change.
    """

    start: datetime
    end: datetime
    what: What
    duration: timedelta
    total: timedelta
    why: str
    source: object
    version: int | None
    target: timedelta | None
    is_projected: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """A clock and the rows that explain it. The `ran` rows before the `due` row sum up to the target."""

    clock: ClockState
    rows: tuple[LedgerRow, ...]


def explain(
    created_at: datetime, events: Sequence[HistoryEvent], book: Book, kind: Kind, cycle: int, now: datetime
) -> Ledger:
    """Explain one clock of a ticket as of `now`; the arguments are those of `replay`.

    An open clock's rows go on to its foreseen deadline, marked as projected after `now`.

    Raises:
        LookupError: the ticket has no such clock.
    """
    moments = settle(created_at.astimezone(UTC), events) if events else []
    life = next((life for life in find_lives(moments) if (life.kind, life.cycle) == (kind, cycle)), None)
    tape = _Tape()
    clock = judge(life, moments, book, now, tape) if life else None
    if life is None or clock is None:
        raise LookupError(f"no {kind} clock in cycle {cycle}")
    return Ledger(clock, tuple(_Writer(clock, tape, now.astimezone(UTC)).write(life, moments)))


@dataclass(frozen=True, slots=True)
class _Stretch:
    segment: Segment
    measure: Rule
    target: timedelta | None
    is_paused: bool


class _Tape:
    """Records the walk."""

    def __init__(self) -> None:
        self.stretches: list[_Stretch] = []
        self.rebase: Version | None = None

    def rebased(self, version: Version) -> None:
        self.rebase = version

    def segment(self, segment: Segment, measure: Rule, target: timedelta | None, is_paused: bool) -> None:
        self.stretches.append(_Stretch(segment, measure, target, is_paused))


class _Writer:
    """Turns a recorded walk into rows."""

    def __init__(self, clock: ClockState, tape: _Tape, now: datetime) -> None:
        self.clock = clock
        self.tape = tape
        self.now = now
        self.total = ZERO
        self.due = None if clock.verdict == "met" else clock.due_at
        self.rows: list[LedgerRow] = []
        self.here = tape.stretches[0]

    def write(self, life: Life, moments: Sequence[Moment]) -> list[LedgerRow]:
        """All rows, from the start to the stop, or to now or the deadline, whichever is later."""
        first = moments[life.first]
        why, source = ("ticket created", None) if life.first == 0 else ("reopened", first.last.source)
        self._mark(first.at, "started", why, source)
        before: _Stretch | None = None
        for stretch in self.tape.stretches:
            self.here = stretch
            if before is not None:
                self._note_changes(before, stretch)
            self._run_through(stretch)
            before = stretch
        if life.last is not None:
            moment = moments[life.last]
            event = (moment.answer if life.kind == RESPONSE else moment.stop) or moment.last
            self._mark(moment.at, "stopped", event.category, event.source)
        return self.rows

    def _note_changes(self, before: _Stretch, stretch: _Stretch) -> None:
        start, version, last = stretch.segment.start, stretch.segment.version, stretch.segment.moment.last
        if version is not before.segment.version and version is not None:
            self._mark(start, "policy_changed", "open clocks go on under it, time used so far carried over", None)
        elif (stretch.target, stretch.measure.calendar) != (before.target, before.measure.calendar):
            self._mark(start, "retargeted", f"priority {last.priority}, tier {last.tier}", last.source)

    def _run_through(self, stretch: _Stretch) -> None:
        start, end = stretch.segment.start, stretch.segment.end
        if self.due == start and start > self.clock.started_at and not self._is_due_written():
            self._mark(start, "due", "the target was already used up when it changed", None)
        if end is None:
            end = max(start, self.now, start if stretch.is_paused or self.due is None else self.due)
        if stretch.is_paused:
            self._write_cut(start, end, "paused", "waiting", stretch.segment.moment.last.source)
            return
        why = "working time" if stretch.target is not None else "nothing promised, working time counts on"
        for span in stretch.measure.calendar.spans(start, end):
            if span.is_working:
                self._write_cut(span.start, span.end, "ran", why, None)
            else:
                self._write_cut(span.start, span.end, "out_of_hours", "outside the hours of the calendar", None)

    def _write_cut(self, start: datetime, end: datetime, what: What, why: str, source: object) -> None:
        """A stretch, cut at each moment that has a row of its own or lies between past and projection."""
        for moment in [*self._cuts_within(start, end), end]:
            self._write(start, moment, what, why, source)
            start = moment
            if self.tape.rebase is not None and moment == self.tape.rebase.effective_at:
                self._mark(moment, "policy_changed", "open clocks were counted anew from their start under it", None)
            if moment == self.due and self._is_used_up() and not self._is_due_written():
                self._mark(moment, "due", "the target is used up", None)

    def _cuts_within(self, start: datetime, end: datetime) -> Iterator[datetime]:
        rebased_at = self.tape.rebase.effective_at if self.tape.rebase is not None else None
        marks = {mark for mark in (self.now, self.due, rebased_at) if mark is not None and start < mark < end}
        yield from sorted(marks)

    def _is_used_up(self) -> bool:
        return self.here.target is not None and self.total >= self.here.target

    def _is_due_written(self) -> bool:
        return any(row.what == "due" for row in self.rows)

    def _write(self, start: datetime, end: datetime, what: What, why: str, source: object) -> None:
        if end <= start:
            return
        if what == "ran":
            self.total += end - start
        is_projected = start >= self.now
        last = self.rows[-1]
        if (last.what, last.end, last.is_projected, last.why) == (what, start, is_projected, why):
            self.rows.pop()
            start, source = last.start, last.source
        self._append(start, end, what, why, source, is_projected)

    def _mark(self, moment: datetime, what: What, why: str, source: object) -> None:
        self._append(moment, moment, what, why, source, moment > self.now)

    def _append(self, start: datetime, end: datetime, what: What, why: str, source: object, is_projected: bool) -> None:
        version = self.here.segment.version
        self.rows.append(
            LedgerRow(
                start=start,
                end=end,
                what=what,
                duration=end - start,
                total=self.total,
                why=why,
                source=source,
                version=None if version is None else version.number,
                target=self.here.target,
                is_projected=is_projected,
            )
        )
