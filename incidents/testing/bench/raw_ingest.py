"""The bare side of the ingest: the very rows that a batch comes to, written by plain psycopg with nothing to think."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg

from incidents.intake.ticket_batch import Case, Replayer
from incidents.intake.ticket_events import TicketSnapshot, read_events
from incidents.intake.ticket_rows import CLOCK_COLUMNS, EVENT_COLUMNS, TICKET_COLUMNS, find_projects
from incidents.services.policies import current_book
from incidents.services.statuses import read_categories
from tracker import clock

Row = tuple[Any, ...]
Raw = psycopg.Connection[Row]

_CLOCK_KEY = ("ticket_id", "kind", "cycle")
_TICKET_KEY = ("id",)
_KEPT = {"id", "external_id", "received_at", *_CLOCK_KEY}
LOG = (
    "INSERT INTO tracker_event (at, verb, actor_label, request_id, object_type, object_id, data)"
    " VALUES (%s, 'tickets.ingested', 'bench', '', 'ticket', '', %s) RETURNING id"
)


RESERVE = "SELECT nextval('incidents_ticket_id_seq') FROM generate_series(1, %s)"


@dataclass(slots=True)
class RawBatch:
    """The rows of one transaction: those to add and those to change."""

    at: datetime
    log: str
    tickets: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    clocks: list[Row] = field(default_factory=list)
    changed_tickets: list[Row] = field(default_factory=list)
    changed_clocks: list[Row] = field(default_factory=list)


def plan_batches(bodies: Iterable[bytes]) -> list[RawBatch]:
    """What request bodies come to when they are taken in this order into empty tables."""
    return plan_events(read_events(body)[0] for body in bodies)


def plan_events(batches: Iterable[list[tuple[int, TicketSnapshot]]]) -> list[RawBatch]:
    """The same for events that are read already."""
    cases: dict[str, Case] = {}
    return [_plan(events, cases) for events in batches]


def _plan(events: list[tuple[int, TicketSnapshot]], cases: dict[str, Case]) -> RawBatch:
    snapshots = [snapshot for _, snapshot in events]
    now = clock.now()
    categories = read_categories({"new", "open", *(snapshot.status for snapshot in snapshots), *_statuses(cases)})
    replayer = Replayer(current_book(), categories, find_projects(snapshot.project for snapshot in snapshots), now)
    new = {snapshot.external_id for snapshot in snapshots} - cases.keys()
    for name in sorted(new):
        cases[name] = Case(name, id=len(cases) + 1)
    batch = RawBatch(now, orjson.dumps({"created": len(new), "tickets": sorted(new)[:50]}).decode())
    touched: dict[str, set[tuple[str, int]]] = {}
    for snapshot in snapshots:
        case = cases[snapshot.external_id]
        touched.setdefault(case.external_id, {(row.kind, row.cycle) for row in case.clocks})
        case.history.append((replayer.order_key(snapshot), snapshot))
        batch.events.append(
            (case.id, snapshot.fingerprint, snapshot.updated_at, snapshot.sequence, snapshot.created_at,
             snapshot.priority, snapshot.customer_tier, snapshot.status,
             snapshot.extra.decode() if snapshot.extra else None, 1, now)
        )  # fmt: skip
    for name, known in sorted(touched.items()):
        case = cases[name]
        replayer.judge(case, {}, now)
        assert case.ticket is not None
        (batch.tickets if name in new else batch.changed_tickets).append(case.ticket)
        for row in case.clocks:
            # psycopg writes an array for a list and a composite value for a tuple.
            plain = row._replace(crossings=list(row.crossings))
            (batch.changed_clocks if (row.kind, row.cycle) in known else batch.clocks).append(plain)
    return batch


def _statuses(cases: dict[str, Case]) -> set[str]:
    return {snapshot.status for case in cases.values() for _, snapshot in case.history}


class RawWriter:
    """Writes planned batches: COPY for new rows, COPY to a staging table and one UPDATE for changed ones."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        with raw.transaction():
            for table, columns in (("ticket", TICKET_COLUMNS), ("clock", CLOCK_COLUMNS)):
                raw.execute(f"CREATE TEMP TABLE stage_{table} AS SELECT {columns} FROM incidents_{table} LIMIT 0")

    def write_all(self, batches: Iterable[RawBatch]) -> None:
        """Each batch in a transaction of its own."""
        for batch in batches:
            self.write(batch)

    def write(self, batch: RawBatch) -> None:
        """One batch in one transaction."""
        with self.raw.transaction(), self.raw.cursor() as cursor:
            cursor.execute(LOG, [batch.at, batch.log])
            cursor.execute(
                "SELECT nextval('incidents_ticket_id_seq') FROM generate_series(1, %s)", [len(batch.tickets)]
            )
            self._copy(cursor, "incidents_ticket", TICKET_COLUMNS, batch.tickets)
            self._copy(cursor, "incidents_ticketevent", EVENT_COLUMNS, batch.events)
            self._copy(cursor, "incidents_clock", CLOCK_COLUMNS, batch.clocks)
            self._change(cursor, "ticket", TICKET_COLUMNS, _TICKET_KEY, batch.changed_tickets)
            self._change(cursor, "clock", CLOCK_COLUMNS, _CLOCK_KEY, batch.changed_clocks)

    def _change(
        self, cursor: "psycopg.Cursor[Row]", name: str, columns: str, key: Sequence[str], rows: Sequence[Row]
    ) -> None:
        if not rows:
            return
        changes = ", ".join(f"{column} = s.{column}" for column in columns.split(", ") if column not in _KEPT)
        where = " AND ".join(f"x.{column} = s.{column}" for column in key)
        self._copy(cursor, f"stage_{name}", columns, rows)
        cursor.execute(f"UPDATE incidents_{name} x SET {changes} FROM stage_{name} s WHERE {where}")
        cursor.execute(f"TRUNCATE stage_{name}")

    @staticmethod
    def _copy(cursor: "psycopg.Cursor[Row]", table: str, columns: str, rows: Sequence[Row]) -> None:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
