"""P2: a batch against row-by-row ORM code, and a batch that is posted again."""

import json
from collections.abc import Iterator, Sequence

from django.db import transaction

from incidents.intake.ticket_rows import CLOCK_COLUMNS, EVENT_COLUMNS, TICKET_COLUMNS
from incidents.intake.tickets import ingest_events
from incidents.models import Clock, Ticket, TicketEvent
from incidents.testing.bench.events import TABLES, make_events, make_policy, pack
from incidents.testing.bench.raw_ingest import RawBatch, plan_batches
from tracker.access import Actor
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, workload
from tracker.testing.bench.rounds import time_call

SIZE = 1_000
TICKET_NAMES, EVENT_NAMES, CLOCK_NAMES = (names.split(", ") for names in (TICKET_COLUMNS, EVENT_COLUMNS, CLOCK_COLUMNS))
WRITES = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"


@workload("P2", "a batch of 1,000 against update_or_create per row; the same batch again")
def measure(bench: Bench) -> Iterator[Finding]:
    """The ORM side saves the same rows, computed beforehand: it need not think, nor answer."""
    make_policy()
    actor = Actor.system("bench")
    events = make_events(bench.pick(2, 10) * SIZE)
    bodies = pack(events, SIZE)
    bench.empty(*TABLES)
    some = plan_batches(pack(events[: bench.pick(200, 1_000)], 1))

    def take() -> float:
        return time_call(lambda: [ingest_events(actor=actor, body=body) for body in bodies]) / len(events)

    def take_fresh() -> float:
        bench.empty(*TABLES)
        return take()

    def save_one_by_one() -> float:
        bench.empty(*TABLES)
        return time_call(lambda: save_by_orm(some)) / len(some)

    cost = alternate({"ours": take_fresh, "orm": save_one_by_one}, bench.pick(1, 3))
    rates = {side: f"{1 / seconds:,.0f} events/s" for side, seconds in cost.items()}
    yield at_least("against update_or_create", cost["orm"] / cost["ours"], 100, **rates)

    cost = alternate({"first": take_fresh, "again": take}, bench.pick(1, 5))
    rates = {side: f"{1 / seconds:,.0f} events/s" for side, seconds in cost.items()}
    yield at_least("posted again", cost["first"] / cost["again"], 1.5, **rates)

    with transaction.atomic():
        before = bench.execute(WRITES)[0][0] or 0
        ingest_events(actor=actor, body=bodies[0])
        written = (bench.execute(WRITES)[0][0] or 0) - before
    yield at_most("rows written when posted again", float(written), 0, unit="rows")


def save_by_orm(batches: Sequence[RawBatch]) -> None:
    """The same rows as most applications save them: look up, then insert or update, one at a time."""
    for batch in batches:
        with transaction.atomic():
            save_batch_by_orm(batch)


def save_batch_by_orm(batch: RawBatch) -> None:
    """What one event comes to."""
    for row in [*batch.tickets, *batch.changed_tickets]:
        fields = dict(zip(TICKET_NAMES, row, strict=True))
        fields["attributes"] = {}
        Ticket.objects.update_or_create(external_id=fields.pop("external_id"), defaults=fields)
    for row in batch.events:
        fields = dict(zip(EVENT_NAMES, row, strict=True))
        fields["extra"] = fields["extra"] and json.loads(fields["extra"])
        TicketEvent.objects.create(**fields)
    for row in [*batch.clocks, *batch.changed_clocks]:
        fields = dict(zip(CLOCK_NAMES, row, strict=True))
        fields["crossings"] = []
        key = {name: fields.pop(name) for name in ("ticket_id", "kind", "cycle")}
        Clock.objects.update_or_create(**key, defaults=fields)
