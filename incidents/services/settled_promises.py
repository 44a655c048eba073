"""Tickets by how a promise on them ended, and when: what figures about promises lead to."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.utils.dateparse import parse_datetime

from incidents.choices import ClockKind, ClockState, Verdict
from incidents.models import Clock
from incidents.querysets import TicketQuerySet
from tracker.periods import spell_moment

ANY = "any"
VERDICTS = {"met": Verdict.MET, "missed": Verdict.BREACHED}
FORM = "response, resolution or any; met, missed or any; from a moment on; before a moment"
EXAMPLE = "resolution,missed,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z"
LONGEST = 120
FIRST_YEAR, LAST_YEAR = 1970, 2201


@dataclass(frozen=True, slots=True)
class Settled:
    """Promises of one kind (or any) that ended one way (or any) from `start` on and before `end`."""

    promise: str
    verdict: str
    start: datetime
    end: datetime

    def __str__(self) -> str:
        return ",".join((self.promise, self.verdict, spell_moment(self.start), spell_moment(self.end)))


def read_settled(text: str) -> Settled:
    """What an address says, such as EXAMPLE.

    Raises:
        ValueError: it says something else.
    """
    parts = [part.strip() for part in text.split(",")] if text.isascii() and len(text) <= LONGEST else []
    if len(parts) != 4 or parts[0] not in (ANY, *ClockKind.values) or parts[1] not in (ANY, *VERDICTS):
        raise ValueError(FORM)
    start, end = (parse_datetime(part) for part in parts[2:])
    if start is None or end is None or start.tzinfo is None or end.tzinfo is None:
        raise ValueError(FORM)
    if not (FIRST_YEAR <= start.year <= LAST_YEAR and FIRST_YEAR <= end.year <= LAST_YEAR):
        raise ValueError(FORM)
    return Settled(parts[0], parts[1], start, end)


def settled_tickets(tickets: TicketQuerySet, settled: Settled) -> TicketQuerySet:
    """Those with such a promise."""
    clocks = Clock.objects.filter(
        ticket=OuterRef("pk"), state=ClockState.STOPPED, stopped_at__gte=settled.start, stopped_at__lt=settled.end
    )
    clocks = (
        clocks.filter(verdict=VERDICTS[settled.verdict]) if settled.verdict != ANY else clocks.exclude(verdict=None)
    )
    if settled.promise != ANY:
        clocks = clocks.filter(kind=settled.promise)
    # A clock stops at an event or at the creation, so older tickets need not be asked about their clocks.
    since = Q(updated_at__gte=settled.start) | Q(created_at__gte=settled.start)
    return tickets.filter(since, Exists(clocks))
