"""The clocks of one ticket as its page shows them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from incidents.admin.badges import SLA_TONES
from incidents.choices import ClockState, SLAState, Verdict
from incidents.models import Clock, Ticket
from incidents.services.explanations import describe_clock
from incidents.services.policies import current_book
from incidents.services.ticket_ledgers import explain_ticket
from tracker import clock
from tracker.access import Actor
from tracker.admin.formats import render_badge

LEDGER_WORDS = {
    "started": "Started",
    "ran": "Ran",
    "out_of_hours": "Out of hours",
    "paused": "Paused",
    "retargeted": "New target",
    "policy_changed": "New policy",
    "due": "Due",
    "stopped": "Stopped",
}


@dataclass(frozen=True, slots=True)
class ClockCard:
    """One clock: the promise, how much of it is used, and the ledger that adds up to its deadline."""

    name: str
    badge: SafeString
    verdict: str | None
    is_live: bool
    target_minutes: int
    elapsed_minutes: float
    percent: float
    due_at: datetime | None
    stopped_at: datetime | None
    level: int
    policy_number: int
    ledger: list[dict[str, Any]] = field(default_factory=list)

    @property
    def tone(self) -> str:
        """How the bar is coloured."""
        if self.percent >= 100:
            return "is-over"
        return "is-alert" if self.percent >= 85 else ""


def describe_clocks(actor: Actor, ticket: Ticket) -> list[ClockCard]:
    """The ticket's clocks with their ledgers, the newest cycle first."""
    rows = Clock.objects.filter(ticket=ticket).exclude(state=ClockState.VOID).order_by("-cycle", "kind")
    book, now, ledgers = current_book(), clock.now(), _read_ledgers(actor, ticket)
    words = {"tier": ticket.customer_tier, "priority": ticket.priority}
    return [
        _describe(row, describe_clock(row, book=book, now=now, **words), ledgers.get((row.kind, row.cycle), []))
        for row in rows
    ]


def _read_ledgers(actor: Actor, ticket: Ticket) -> dict[tuple[str, int], list[dict[str, Any]]]:
    try:
        told = explain_ticket(actor=actor, ticket=ticket)
    except LookupError:
        # A change of policy or status came in between; the replay that is asked for brings clocks and history together.
        return {}
    return {(one["kind"], one["cycle"]): one["rows"] for one in told["clocks"]}


def _describe(row: Clock, facts: dict[str, Any], ledger: list[dict[str, Any]]) -> ClockCard:
    return ClockCard(
        name=f"{row.get_kind_display()}{f' (cycle {row.cycle})' if row.cycle > 1 else ''}",
        badge=_render_badge(row, facts["state"]),
        verdict=row.verdict,
        is_live=row.state != ClockState.STOPPED,
        target_minutes=row.target_minutes,
        elapsed_minutes=facts["elapsed_minutes"],
        percent=facts["percent_used"],
        due_at=row.due_at,
        stopped_at=row.stopped_at,
        level=row.escalation_level,
        policy_number=facts["policy_version"],
        ledger=[
            {**line, "start": line["from"], "words": LEDGER_WORDS.get(line["what"], line["what"])} for line in ledger
        ],
    )


def _render_badge(row: Clock, state: str) -> SafeString:
    if row.state == ClockState.STOPPED:
        return render_badge("Met", "ok") if row.verdict == Verdict.MET else render_badge("Missed", "breach")
    if row.state == ClockState.PAUSED and state == SLAState.OK:
        return render_badge("Paused", "info")
    return render_badge(str(SLAState(state).label), SLA_TONES[SLAState(state)])
