"""Promises that were kept or broken, as a settled installation has them; the past of forecasts and figures."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from incidents.choices import Category, ClockKind, ClockState, Verdict
from incidents.models import Clock, PolicyVersion, Ticket
from incidents.testing.factories import make_policy
from tracker import clock

_numbers = count(1)


class Past(NamedTuple):
    """A ticket that was resolved after so many minutes of its target."""

    used_minutes: float
    priority: str = "high"
    tier: str = "gold"
    stopped_at: datetime | None = None


def make_past(cases: Iterable[Past], *, target_minutes: int = 100) -> None:
    """Closed tickets with a stopped resolution clock each; without `stopped_at` they ended an hour ago."""
    policy = PolicyVersion.objects.order_by("-number").first() or make_policy()
    known = list(cases)
    ends = [case.stopped_at or clock.now() - timedelta(hours=1) for case in known]
    starts = [end - timedelta(minutes=case.used_minutes) for case, end in zip(known, ends, strict=True)]
    tickets = Ticket.objects.bulk_create(
        Ticket(
            external_id=f"PAST-{next(_numbers)}", priority=case.priority, customer_tier=case.tier, status="closed",
            category=Category.CLOSED, created_at=start, updated_at=end, received_at=start, is_open=False,
        )
        for case, start, end in zip(known, starts, ends, strict=True)
    )  # fmt: skip
    Clock.objects.bulk_create(
        Clock(
            ticket=ticket, kind=ClockKind.RESOLUTION, policy=policy, target_minutes=target_minutes,
            state=ClockState.STOPPED, started_at=start, stopped_at=end, anchor_at=end,
            verdict=Verdict.BREACHED if case.used_minutes >= target_minutes else Verdict.MET,
            due_at=start + timedelta(minutes=target_minutes), elapsed_seconds=case.used_minutes * 60,
        )
        for ticket, case, start, end in zip(tickets, known, starts, ends, strict=True)
    )  # fmt: skip
