"""One batch of events on its way into the tables. Used by incidents/intake/tickets.py alone, inside a transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from incidents.choices import CATEGORY_RANK, STOPPING_CATEGORIES
from incidents.intake import ticket_rows as rows
from incidents.intake.ticket_events import TicketSnapshot
from incidents.intake.ticket_rows import ClockRow, KnownClock, TicketRow
from incidents.services.alerts import ClockOutcome, settle_alerts
from incidents.services.policies import current_book, hold_policy
from incidents.services.statuses import read_categories
from incidents.sla.clocks import ClockState, HistoryEvent, replay
from incidents.sla.policies import Book
from tracker import clock
from tracker.access import Actor
from tracker.services.events import log_event

MAX_NAMED_TICKETS = 50

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


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one event: created, updated, unchanged or late; `case` holds the ticket as it stands now."""

    index: int
    word: str
    case: Case


class Replayer:
    """Turns cases with a complete history into rows: the policy, the categories and the clock are read once."""

    def __init__(self, book: Book, categories: dict[str, str], projects: dict[str, int], now: datetime) -> None:
        self.book = book
        self.categories = categories
        self.projects = projects
        self.now = now
        self.due_before_now = 0

    def order_key(self, snapshot: TicketSnapshot) -> OrderKey:
        """The documented total order: time, the sender's sequence, how far along, and at last the content itself."""
        rank = CATEGORY_RANK[self.categories[snapshot.status]]
        return (snapshot.updated_at, snapshot.sequence or 0, rank, snapshot.fingerprint)

    def judge(self, case: Case, known: dict[tuple[str, int], KnownClock], received_at: datetime) -> None:
        """Replays the case's history and writes its rows."""
        case.history.sort(key=lambda entry: entry[0])
        last = case.history[-1][1]
        categories = self.categories
        events = [
            HistoryEvent(event.updated_at, categories[event.status], event.priority, event.customer_tier)
            for _, event in case.history
        ]
        states = replay(last.created_at, events, self.book, now=self.now)
        case.clocks = [self._clock_row(case.id, state, known.get((state.kind, state.cycle))) for state in states]
        case.ticket = self._ticket_row(case, last, states, received_at)

    def _clock_row(self, ticket_id: int, state: ClockState, known: KnownClock | None) -> ClockRow:
        alerted, level, next_check_at = 0.0, 0, None
        limit = known.alerted_percent if known is not None else 0.0
        for step, crossing in zip(state.version.steps, state.crossings, strict=True):
            if crossing is None:
                continue
            if step.percent <= limit and crossing <= self.now:
                alerted, level = float(step.percent), step.level
            else:
                next_check_at = crossing
                break
        if next_check_at is not None and next_check_at <= self.now:
            self.due_before_now += 1
        return ClockRow(
            ticket_id,
            state.kind,
            state.cycle,
            state.version.id or 0,
            round(state.target.total_seconds() / 60),
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

    def _ticket_row(
        self, case: Case, last: TicketSnapshot, states: Sequence[ClockState], received_at: datetime
    ) -> TicketRow:
        category = self.categories[last.status]
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
            self.projects.get(extra.get("project", "")),
            extra.get("assignee", ""),
            msgspec.json.encode(extra["attributes"]).decode() if "attributes" in extra else "{}",
            last.created_at,
            last.updated_at,
            last.sequence,
            received_at,
            due_at,
            alert_at,
            breach_at,
            category not in STOPPING_CATEGORIES,
            bool(states),
        )


def nearest_moments(states: Iterable[ClockState]) -> tuple[datetime | None, datetime | None, datetime | None]:
    """The nearest deadline of the live clocks, and the nearest moments at which one is in `alert` and in `breach`."""
    nearest: dict[str, datetime | None] = {"due": None, "alert": None, "breach": None}
    for state in states:
        if state.state == "stopped":
            continue
        _keep_nearest(nearest, "due", state.due_at)
        for step, crossing in zip(state.version.steps, state.crossings, strict=True):
            _keep_nearest(nearest, step.state, crossing)
    return nearest["due"], nearest["alert"], nearest["breach"]


def _keep_nearest(nearest: dict[str, datetime | None], name: str, moment: datetime | None) -> None:
    kept = nearest[name]
    if moment is not None and (kept is None or moment < kept):
        nearest[name] = moment


class Batch:
    """Events of many tickets, brought in together. `write` may be called once, in a transaction."""

    def __init__(self, actor: Actor, events: list[tuple[int, TicketSnapshot]]) -> None:
        self.actor = actor
        self.events = events
        self.receipts: list[Receipt] = []
        self.is_anything_due = False

    def write(self) -> None:
        """Takes the events in: nothing at all is written for those that are known already."""
        if not self.events:
            return
        hold_policy()
        self.now = clock.now()
        cases = self._find_cases()
        changed = self._find_changed(cases)
        categories = read_categories(self._status_names(changed))
        histories = [snapshot for case in changed for _, snapshot in case.history]
        projects = rows.find_projects(snapshot for _, snapshot in [*self.events, *enumerate(histories)])
        self.replayer = Replayer(current_book(), categories, projects, self.now)
        self._hand_out_receipts(cases)
        self._settle(changed)
        self._read_unchanged([case for case in cases.values() if case.ticket is None])
        self.is_anything_due = self.replayer.due_before_now > 0

    def _find_cases(self) -> dict[str, Case]:
        cases = {snapshot.external_id: Case(snapshot.external_id) for _, snapshot in self.events}
        known = rows.find_tickets(list(cases))
        fingerprints = rows.read_fingerprints(list(known.values())) if known else {}
        for external_id, pk in known.items():
            case = cases[external_id]
            case.id, case.is_known, case.fingerprints = pk, True, fingerprints[pk]
        return cases

    def _find_changed(self, cases: dict[str, Case]) -> list[Case]:
        """The cases with something new, the known ones locked and their history read afresh under the lock."""
        names = sorted(
            {s.external_id for _, s in self.events if s.fingerprint not in cases[s.external_id].fingerprints}
        )
        changed = [cases[name] for name in names]
        locked = {case.id: case for case in changed if case.is_known}
        if locked:
            rows.lock_tickets(list(locked))
            for pk, snapshot in rows.read_history(list(locked)):
                case = locked[pk]
                case.fingerprints.add(snapshot.fingerprint)
                case.history.append(((snapshot.updated_at, 0, 0, b""), snapshot))
        return changed

    def _status_names(self, changed: list[Case]) -> set[str]:
        names = {snapshot.status for _, snapshot in self.events}
        return names.union(*({s.status for _, s in case.history} for case in changed if case.history))

    def _hand_out_receipts(self, cases: dict[str, Case]) -> None:
        order_key = self.replayer.order_key
        for case in cases.values():
            if case.history:
                case.history = [(order_key(snapshot), snapshot) for _, snapshot in case.history]
                case.latest = max(case.history)[0]
        for index, snapshot in self.events:
            case = cases[snapshot.external_id]
            word = "unchanged"
            if snapshot.fingerprint not in case.fingerprints:
                word = self._take(case, order_key(snapshot), snapshot)
            self.receipts.append(Receipt(index, word, case))

    @staticmethod
    def _take(case: Case, key: OrderKey, snapshot: TicketSnapshot) -> str:
        case.fingerprints.add(snapshot.fingerprint)
        case.fresh.append(snapshot)
        case.history.append((key, snapshot))
        if case.latest is not None and key < case.latest:
            return "late"
        word = "updated" if case.latest is not None else "created"
        case.latest = key
        return word

    def _settle(self, changed: list[Case]) -> None:
        changed = [case for case in changed if case.fresh]
        if not changed:
            return
        logged_in = self._log(changed)
        new = [case for case in changed if not case.is_known]
        for case, pk in zip(new, rows.reserve_ticket_ids(len(new)) if new else [], strict=True):
            case.id = pk
        known = [case for case in changed if case.is_known]
        self._store_known(known)
        for case in new:
            self.replayer.judge(case, {}, self.now)
        rows.copy_rows("incidents_ticket", rows.TICKET_COLUMNS, (case.ticket for case in new if case.ticket))
        rows.copy_rows("incidents_ticketevent", rows.EVENT_COLUMNS, self._event_rows(changed, logged_in))
        rows.copy_clocks(row for case in new for row in case.clocks)

    def _event_rows(self, changed: list[Case], logged_in: int) -> Iterable[tuple[Any, ...]]:
        now = self.now
        for case in changed:
            for s in case.fresh:
                extra = s.extra.decode() if s.extra is not None else None
                yield (
                    case.id, s.fingerprint, s.updated_at, s.sequence, s.created_at, s.priority, s.customer_tier,
                    s.status, extra, logged_in, now,
                )  # fmt: skip

    def _store_known(self, cases: list[Case]) -> None:
        store_known_cases(self.replayer, cases)

    def _read_unchanged(self, cases: list[Case]) -> None:
        by_id = {case.id: case for case in cases}
        if not by_id:
            return
        for ticket in rows.read_tickets(list(by_id)):
            by_id[ticket.id].ticket = ticket
        for row in rows.read_clocks(list(by_id)):
            by_id[row.ticket_id].clocks.append(row)

    def _log(self, changed: list[Case]) -> int:
        counts = {"created": 0, "updated": 0, "late": 0, "unchanged": 0}
        for receipt in self.receipts:
            counts[receipt.word] += 1
        names = [case.external_id for case in changed[:MAX_NAMED_TICKETS]]
        data = {**counts, "tickets": names, "tickets_total": len(changed)}
        return log_event(actor=self.actor, verb="tickets.ingested", object_type="ticket", data=data).pk


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
    for case in cases:
        clocks = known[case.id]
        replayer.judge(case, clocks, replayer.now)
        kept = {(row.kind, row.cycle) for row in case.clocks}
        gone.extend(clock.id for key, clock in clocks.items() if key not in kept and clock.state != "void")
        for row in case.clocks:
            clock_there = clocks.get((row.kind, row.cycle))
            if clock_there is None:
                fresh.append(row)
            else:
                updates.append((clock_there.id, row))
    rows.update_tickets([case.ticket for case in cases if case.ticket is not None])
    rows.update_clocks(updates)
    rows.copy_clocks(fresh)
    alerted = {clock.id for clocks in known.values() for clock in clocks.values() if clock.alerted_percent > 0}
    outcomes = [ClockOutcome(pk, row.state == "stopped", row.alerted_percent) for pk, row in updates if pk in alerted]
    settle_alerts(outcomes, gone=gone, now=replayer.now)
    if gone:
        rows.void_clocks(gone)
