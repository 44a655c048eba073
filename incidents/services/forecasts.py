"""Forecasts: how likely an open ticket breaks a promise, counted from what became of like ones (docs/forecast.md)."""

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

import orjson
from django.db import connection, transaction

from incidents.choices import LIVE_CLOCK_STATES, ClockState
from incidents.models import Clock, Ticket
from incidents.services.forecast_curves import learn_if_due, read_forecaster
from incidents.services.forecast_statements import DROP_CLOSED, DROP_SETTLED, READ_OPEN_CLOCKS, STORE
from incidents.services.policies import current_book
from incidents.sla.forecasting import Chance, Forecaster, find_step
from incidents.sla.policies import Book, Kind
from tracker import clock

BATCH_SIZE = 2_000


class OpenClock(NamedTuple):
    """A live clock that is not breached, with what its ticket is."""

    ticket_id: int
    priority: str
    tier: str
    kind: Kind
    policy_id: int
    target_minutes: int
    state: str
    elapsed_seconds: float
    anchor_at: datetime


def refresh_forecasts(*, max_seconds: float = math.inf) -> int:
    """Says anew of every open ticket how likely it breaks a promise, the most urgent first; answers of how many.

    Curves older than an hour are learned first. After `max_seconds` no further batch is begun; what is left, due last
    of all, keeps the forecast it has.
    """
    ends_at = time.monotonic() + max_seconds
    learn_if_due()
    forecaster, book, count = read_forecaster(), current_book(), 0
    open_tickets = Ticket.objects.filter(is_open=True).order_by("due_at", "id").values_list("pk", flat=True)
    rows = open_tickets.iterator(chunk_size=BATCH_SIZE)
    while ids := list(islice(rows, BATCH_SIZE)):
        count += _forecast_batch(ids, forecaster, book)
        if time.monotonic() > ends_at:
            break
    with connection.cursor() as cursor:
        cursor.execute(DROP_CLOSED)
    return count


@transaction.atomic
def _forecast_batch(ids: Sequence[int], forecaster: Forecaster, book: Book) -> int:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(READ_OPEN_CLOCKS, {"ids": list(ids), "now": now})
        worst: dict[int, tuple[OpenClock, Chance]] = {}
        for row in map(OpenClock._make, cursor.fetchall()):
            chance = _forecast_clock(row, forecaster, book, now)
            known = worst.get(row.ticket_id)
            if chance is not None and (known is None or _rank(row, chance) > _rank(*known)):
                worst[row.ticket_id] = row, chance
        cursor.execute(STORE, {"rows": _write_rows(worst.values()), "now": now})
        cursor.execute(DROP_SETTLED, {"ids": list(ids), "kept": list(worst)})
    return len(worst)


def _rank(row: OpenClock, chance: Chance) -> tuple[float, str]:
    """The likelier is what a ticket is known by, and among equals the resolution."""
    return (-1.0 if chance.probability is None else chance.probability, row.kind)


def _write_rows(worst: Iterable[tuple[OpenClock, Chance]]) -> str:
    rows = [
        {
            "ticket_id": row.ticket_id, "chance": chance.probability, "kind": row.kind, "step": chance.step,
            "breached": chance.breached, "cases": chance.cases, "likeness": chance.likeness,
        }
        for row, chance in worst
    ]  # fmt: skip
    return orjson.dumps(rows).decode()


def _forecast_clock(row: OpenClock, forecaster: Forecaster, book: Book, now: datetime) -> Chance | None:
    """The chance of one clock; None where nothing is promised any more."""
    rule = book.find(row.policy_id).match(row.tier, row.priority)
    if rule is None or rule.target(row.kind) is None:
        return None
    elapsed = row.elapsed_seconds
    if row.state == ClockState.RUNNING and row.anchor_at < now:
        elapsed += rule.calendar.elapsed(row.anchor_at, now).total_seconds()
    return forecaster.forecast(row.kind, row.priority, row.tier, find_step(elapsed, row.target_minutes))


def forecast_ticket(ticket: Ticket) -> Iterator[tuple[Clock, Chance]]:
    """Each promise that a ticket can still keep, and how likely it breaks it: counted as the list's, as of now."""
    if not ticket.is_open:
        return
    now, book = clock.now(), current_book()
    forecaster = read_forecaster(priority=ticket.priority, tier=ticket.customer_tier)
    for row in Clock.objects.filter(ticket=ticket, state__in=LIVE_CLOCK_STATES).order_by("kind"):
        if row.due_at is not None and row.due_at <= now:
            continue
        facts = OpenClock(
            ticket.pk, ticket.priority, ticket.customer_tier, row.kind, row.policy_id, row.target_minutes,  # type: ignore[arg-type]
            row.state, row.elapsed_seconds, row.anchor_at,
        )  # fmt: skip
        if (chance := _forecast_clock(facts, forecaster, book, now)) is not None:
            yield row, chance
