"""Why a ticket's deadlines are what they are: the ledgers of its clocks, ready to be shown."""

from datetime import datetime
from typing import Any

from incidents.choices import CATEGORY_RANK, ClockState
from incidents.models import Clock, Ticket, TicketEvent
from incidents.services.policies import current_book
from incidents.services.statuses import read_categories
from incidents.sla.clocks import HistoryEvent
from incidents.sla.ledger import LedgerRow, explain
from tracker import access, clock
from tracker.access import Actor
from tracker.models import Event


def explain_ticket(*, actor: Actor, ticket: Ticket) -> dict[str, Any]:
    """The ledger of each clock of a ticket, as of now. The rows that `ran` before the `due` row add up to the target.

    Returns:
        `id` and `clocks`; each clock with `kind, cycle, state, verdict, due_at, target_minutes, policy_version` and its
        `rows`: `from, to, what, minutes, total_minutes, why, event, policy_version, target_minutes, is_projected`.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, tickets.read.
    """
    access.require(actor, "tickets", "read")
    now = clock.now()
    book = current_book()
    events = read_history_events(ticket)
    created_at = ticket.created_at
    clocks = []
    for stored in Clock.objects.filter(ticket=ticket).exclude(state=ClockState.VOID).order_by("-kind", "cycle"):
        try:
            ledger = explain(created_at, events, book, stored.kind, stored.cycle, now)  # type: ignore[arg-type]
        except LookupError:
            # Nothing is promised any more, by a version whose replay is still to come.
            continue
        judged = ledger.clock
        clocks.append(
            {
                "kind": stored.kind,
                "cycle": stored.cycle,
                "state": judged.state,
                "verdict": judged.verdict,
                "due_at": judged.due_at,
                "target_minutes": judged.target.total_seconds() / 60,
                "policy_version": judged.version.number,
                "rows": [_describe_row(row) for row in ledger.rows],
            }
        )
    return {"id": ticket.external_id, "clocks": clocks}


def read_history_events(ticket: Ticket) -> list[HistoryEvent]:
    """The ticket's whole history in the documented order, each event with who told it."""
    rows = list(TicketEvent.objects.filter(ticket=ticket))
    categories = read_categories({row.status for row in rows})
    senders = dict(Event.objects.filter(pk__in={row.logged_in_id for row in rows}).values_list("pk", "actor_label"))

    def order(row: TicketEvent) -> tuple[datetime, int, int, bytes]:
        return row.updated_at, row.sequence or 0, CATEGORY_RANK[categories[row.status]], bytes(row.fingerprint)

    return [
        HistoryEvent(
            row.updated_at,
            categories[row.status],
            row.priority,
            row.customer_tier,
            {
                "status": row.status,
                "priority": row.priority,
                "customer_tier": row.customer_tier,
                "updated_at": row.updated_at,
                "told_by": senders.get(row.logged_in_id or 0, ""),
            },
        )
        for row in sorted(rows, key=order)
    ]


def _describe_row(row: LedgerRow) -> dict[str, Any]:
    return {
        "from": row.start,
        "to": row.end,
        "what": row.what,
        "minutes": round(row.duration.total_seconds() / 60, 4),
        "total_minutes": round(row.total.total_seconds() / 60, 4),
        "why": row.why,
        "event": row.source,
        "policy_version": row.version,
        "target_minutes": row.target.total_seconds() / 60 if row.target is not None else None,
        "is_projected": row.is_projected,
    }
