"""One batch of events on its way into the tables. Used by incidents/intake/tickets.py alone, inside a transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from incidents.intake import ticket_rows as rows
from incidents.intake.ticket_cases import Case, OrderKey, Replayer, store_known_cases
from incidents.intake.ticket_events import TicketSnapshot
from incidents.services.policies import current_book, hold_policy
from incidents.services.statuses import read_categories
from tracker import clock
from tracker.access import Actor
from tracker.services.events import log_event

MAX_NAMED_TICKETS = 50


@dataclass(slots=True)
class Receipt:
    """What became of one event: created, updated, unchanged or late; `case` holds the ticket as it stands now."""

    index: int
    word: str
    case: Case


class Batch:
    """Events of many tickets, brought in together. `write` may be called once, in a transaction."""

    def __init__(self, actor: Actor, events: list[tuple[int, TicketSnapshot]], projects: dict[str, int]) -> None:
        self.actor = actor
        self.events = events
        self.projects = projects
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
        named = {snapshot.project for case in changed for _, snapshot in case.history} - self.projects.keys()
        projects = self.projects | rows.find_projects(named)
        self.replayer = Replayer(current_book(), categories, projects, self.now)
        self._hand_out_receipts(cases)
        self._settle(changed)
        self._read_unchanged([case for case in cases.values() if case.ticket is None])
        self.is_anything_due = self.replayer.due_before_now > 0

    def _find_cases(self) -> dict[str, Case]:
        cases = {snapshot.external_id: Case(snapshot.external_id) for _, snapshot in self.events}
        moments = [snapshot.updated_at for _, snapshot in self.events]
        for external_id, pk, fingerprint in rows.find_tickets(cases, min(moments), max(moments)):
            case = cases[external_id]
            case.id, case.is_known = pk, True
            if fingerprint is not None:
                case.fingerprints.add(fingerprint)
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
        store_known_cases(self.replayer, known)
        rows.copy_tickets(self.replayer.judge(case, {}, self.now) for case in new)
        rows.copy_events(self._event_rows(changed, logged_in))
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
