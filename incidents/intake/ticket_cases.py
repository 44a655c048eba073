"""Tickets while they are worked on: a history goes in, the rows of ticket and clocks come out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import msgspec

from incidents.choices import CATEGORY_RANK, STOPPING_CATEGORIES
from incidents.intake import ticket_rows as rows
from incidents.intake.ticket_events import TicketSnapshot
from incidents.intake.ticket_rows import ClockRow, KnownClock, TicketRow
from incidents.services.alerts import ClockOutcome, settle_alerts
from incidents.sla.clocks import ClockState, HistoryEvent, replay
from incidents.sla.policies import Book

MINUTE = timedelta(minutes=1)

OrderKey = tuple[datetime, int, int, bytes]


@dataclass(slots=True)
class Case:
    """One ticket while a batch is worked in: what is known of it, and what became of it."""

    external_id: str
    id: int = 0
    is_known: bool = False
    fingerprints: set[bytes] = field(default_factory=set)
    history: list[tuple[OrderKey, TicketSnapshot]] = field(default_factory=list)
    latest: OrderKey | None = None
    fresh: list[TicketSnapshot] = field(default_factory=list)
    ticket: TicketRow | None = None
    clocks: list[ClockRow] = field(default_factory=list)


class Replayer:
    """Turns cases with a complete history into rows: the policy, the categories and the clock are read once."""

    def __init__(self, book: Book, categories: dict[str, str], projects: dict[str, int], now: datetime) -> None:
        self.book = book
        self.categories = categories
        self.projects = projects
        self.now = now
        self.next_version_at = book.next_effective_at(now)
        self.due_before_now = 0
        self.outcomes: list[ClockOutcome] = []

    def order_key(self, snapshot: TicketSnapshot) -> OrderKey:
        """The documented total order: time, the sender's sequence, how far along, and at last the content itself."""
        rank = CATEGORY_RANK[self.categories[snapshot.status]]
        return (snapshot.updated_at, snapshot.sequence or 0, rank, snapshot.fingerprint)

    def judge(self, case: Case, known: dict[tuple[str, int], KnownClock], received_at: datetime) -> TicketRow:
        """Replays the case's history and makes its rows; the ticket's is also answered."""
        if len(case.history) > 1:
            case.history.sort(key=itemgetter(0))
        last = case.history[-1][1]
        categories = self.categories
        events = [
            HistoryEvent(event.updated_at, categories[event.status], event.priority, event.customer_tier)
            for _, event in case.history
        ]
        states = replay(last.created_at, events, self.book, now=self.now)
        case.clocks = [self._clock_row(case.id, state, known.get((state.kind, state.cycle))) for state in states]
        case.ticket = self._ticket_row(case, last, states, received_at)
        return case.ticket

    def _clock_row(self, ticket_id: int, state: ClockState, known: KnownClock | None) -> ClockRow:
        told = known.told if known is not None else frozenset()
        next_check_at = None
        for step, crossing in zip(state.version.steps, state.crossings, strict=True):
            if crossing is not None and (step.percent not in told or crossing > self.now):
                next_check_at = crossing
                break
        alerted, level = 0.0, 0
        if known is not None and known.alerted_percent:
            alerted, level = self._keep_alerts(known, state)
        if next_check_at is not None and next_check_at <= self.now:
            self.due_before_now += 1
        return ClockRow(
            ticket_id,
            state.kind,
            state.cycle,
            state.version.id or 0,
            state.target // MINUTE,
            state.state,
            state.verdict,
            state.started_at,
            state.stopped_at,
            state.due_at,
            state.elapsed.total_seconds(),
            state.anchor_at,
            state.crossings,
            alerted,
            level,
            next_check_at,
        )

    def _keep_alerts(self, known: KnownClock, state: ClockState) -> tuple[float, int]:
        """Notes which thresholds are crossed, also those of earlier versions which the present one has not; returns
        the highest of them that was told, and the highest level."""
        both = [*zip(state.version.steps, state.crossings, strict=True), *state.retired]
        crossed = [step for step, at in both if at is not None and at <= self.now]
        is_stopped = state.state == "stopped"
        self.outcomes.append(ClockOutcome(known.id, is_stopped, [float(step.percent) for step in crossed]))
        told = [step for step in crossed if step.percent in known.told]
        return max((float(step.percent) for step in told), default=0.0), max((step.level for step in told), default=0)

    def _ticket_row(
        self, case: Case, last: TicketSnapshot, states: Sequence[ClockState], received_at: datetime
    ) -> TicketRow:
        category = self.categories[last.status]
        is_open = category not in STOPPING_CATEGORIES
        due_at, alert_at, breach_at = nearest_moments(states)
        extra: dict[str, Any] = msgspec.json.decode(last.extra) if last.extra is not None else {}
        return TicketRow(
            case.id,
            case.external_id,
            last.priority,
            last.customer_tier,
            last.status,
            category,
            extra.get("title", ""),
            extra.get("description", ""),
            extra.get("url", ""),
            self.projects.get(last.project),
            extra.get("assignee", ""),
            msgspec.json.encode(extra["attributes"]).decode() if "attributes" in extra else "{}",
            last.created_at,
            last.updated_at,
            last.sequence,
            received_at,
            due_at,
            alert_at,
            breach_at,
            is_open,
            bool(states),
            # Whatever was asked for is answered by this replay; only a version still to come asks for the next one.
            self.next_version_at if is_open else None,
        )


def nearest_moments(states: Iterable[ClockState]) -> tuple[datetime | None, datetime | None, datetime | None]:
    """The nearest deadline of the live clocks, and the nearest moments at which one is in `alert` and in `breach`."""
    due_at = alert_at = breach_at = None
    for state in states:
        if state.state == "stopped":
            continue
        due_at = _nearer(due_at, state.due_at)
        for step, crossing in zip(state.version.steps, state.crossings, strict=True):
            if step.state == "breach":
                breach_at = _nearer(breach_at, crossing)
            else:
                alert_at = _nearer(alert_at, crossing)
    return due_at, alert_at, breach_at


def _nearer(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)


def store_known_cases(replayer: Replayer, cases: list[Case]) -> None:
    """Replays tickets that are in the tables and locked, and brings their rows, clocks and alerts up to it."""
    if not cases:
        return
    known: dict[int, dict[tuple[str, int], KnownClock]] = {case.id: {} for case in cases}
    for there in rows.lock_clocks(list(known)):
        known[there.ticket_id][there.kind, there.cycle] = there
    updates: list[tuple[int, ClockRow]] = []
    fresh: list[ClockRow] = []
    gone: list[int] = []
    tickets = []
    for case in cases:
        clocks = known[case.id]
        tickets.append(replayer.judge(case, clocks, replayer.now))
        kept = {(row.kind, row.cycle) for row in case.clocks}
        gone.extend(clock.id for key, clock in clocks.items() if key not in kept and clock.state != "void")
        for row in case.clocks:
            clock_there = clocks.get((row.kind, row.cycle))
            if clock_there is None:
                fresh.append(row)
            else:
                updates.append((clock_there.id, row))
    rows.update_tickets(tickets)
    rows.update_clocks(updates)
    rows.copy_clocks(fresh)
    settle_alerts(replayer.outcomes, gone=gone, now=replayer.now)
    if gone:
        rows.void_clocks(gone)
