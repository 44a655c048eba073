"""Rows of tickets and clocks as they stand in the tables, and the set statements that read and write them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import orjson
from django.db import connection

from incidents.intake.copy_format import encode_csv
from incidents.intake.ticket_events import TicketSnapshot
from tracker.models import Project


class TicketRow(NamedTuple):
    """One row of incidents_ticket, without what only people set."""

    id: int
    external_id: str
    priority: str
    customer_tier: str
    status: str
    category: str
    title: str
    description: str
    url: str
    project_id: int | None
    sender_assignee: str
    attributes: str
    created_at: datetime
    updated_at: datetime
    sequence: int | None
    received_at: datetime
    due_at: datetime | None
    alert_at: datetime | None
    breach_at: datetime | None
    is_open: bool
    has_sla: bool
    replay_requested_at: datetime | None


class ClockRow(NamedTuple):
    """One row of incidents_clock."""

    ticket_id: int
    kind: str
    cycle: int
    policy_id: int
    target_minutes: int
    state: str
    verdict: str | None
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    elapsed_seconds: float
    anchor_at: datetime
    crossings: Sequence[datetime | None]
    alerted_percent: float
    escalation_level: int
    next_check_at: datetime | None


class KnownClock(NamedTuple):
    """What a replay must know of a clock that is there already. `told` are the thresholds that have their alert."""

    id: int
    ticket_id: int
    kind: str
    cycle: int
    alerted_percent: float
    state: str
    told: frozenset[float] = frozenset()


ROWS_PER_PIECE = 200

EVENT_COLUMNS = (
    "ticket_id, fingerprint, updated_at, sequence, created_at, priority, customer_tier, status, extra, logged_in_id, "
    "received_at"
)
TICKET_COLUMNS = ", ".join(TicketRow._fields)
CLOCK_COLUMNS = ", ".join(ClockRow._fields)


class _HistoryRow(NamedTuple):
    """A snapshot on its way from the table."""

    ticket_id: int
    external_id: str
    priority: str
    customer_tier: str
    status: str
    created_at: datetime
    updated_at: datetime
    sequence: int | None
    project: str
    extra: str | None
    fingerprint: bytes


# What many rows are read as: Django's own reading of a moment costs more than all the rest of a row.
_decode_tickets = msgspec.json.Decoder(list[TicketRow]).decode
_decode_clocks = msgspec.json.Decoder(list[ClockRow]).decode
_decode_history = msgspec.json.Decoder(list[_HistoryRow]).decode

_TICKET_TYPES = {
    "id": "bigint", "project_id": "bigint", "attributes": "jsonb", "sequence": "bigint", "is_open": "boolean",
    "has_sla": "boolean", "created_at": "timestamptz", "updated_at": "timestamptz", "received_at": "timestamptz",
    "due_at": "timestamptz", "alert_at": "timestamptz", "breach_at": "timestamptz",
    "replay_requested_at": "timestamptz",
}  # fmt: skip
_CLOCK_TYPES = {
    "id": "bigint", "ticket_id": "bigint", "cycle": "smallint", "policy_id": "bigint", "target_minutes": "integer",
    "elapsed_seconds": "double precision", "crossings": "timestamptz[]", "alerted_percent": "numeric",
    "escalation_level": "smallint", "started_at": "timestamptz", "stopped_at": "timestamptz", "due_at": "timestamptz",
    "anchor_at": "timestamptz", "next_check_at": "timestamptz",
}  # fmt: skip


def find_tickets(
    external_ids: Iterable[str], first: datetime, last: datetime
) -> Iterable[tuple[str, int, bytes | None]]:
    """Id, primary key and fingerprint of every event that these tickets have from `first` to `last`.

    A ticket without such an event comes with None. The moments spare the months in which no repeat can lie.
    """
    return _fetch(
        "SELECT t.external_id, t.id, e.fingerprint FROM incidents_ticket t LEFT JOIN incidents_ticketevent e"
        " ON e.ticket_id = t.id AND e.updated_at BETWEEN %s AND %s WHERE t.external_id = ANY(%s::text[])",
        first,
        last,
        _write_array(external_ids),
    )


def lock_tickets(ids: Sequence[int]) -> None:
    """Locks in the order of the senders' ids, the same for all. NO KEY UPDATE: alerts may point here meanwhile."""
    _fetch("SELECT 1 FROM incidents_ticket WHERE id = ANY(%s) ORDER BY external_id FOR NO KEY UPDATE", list(ids))


def read_history(ids: Sequence[int]) -> Iterable[tuple[int, TicketSnapshot]]:
    """Every event of these tickets, in no order."""
    text = _fetch_json(
        "e.ticket_id, t.external_id, e.priority, e.customer_tier, e.status, e.created_at, e.updated_at, e.sequence,"
        " coalesce(e.extra->>'project', ''), e.extra::text, encode(e.fingerprint, 'base64')",
        "incidents_ticketevent e JOIN incidents_ticket t ON t.id = e.ticket_id WHERE e.ticket_id = ANY(%s)",
        list(ids),
    )
    for pk, *fields, extra, fingerprint in _decode_history(text):
        packed = extra.encode() if extra is not None else None
        yield pk, TicketSnapshot._make([*fields, packed, fingerprint])


def read_tickets(ids: Sequence[int]) -> list[TicketRow]:
    """The present rows."""
    columns = TICKET_COLUMNS.replace("attributes", "attributes::text")
    return _decode_tickets(_fetch_json(columns, "incidents_ticket WHERE id = ANY(%s)", list(ids)))


def read_clocks(ids: Sequence[int]) -> list[ClockRow]:
    """The clocks of these tickets, less those that the history does not know any more."""
    rows = "incidents_clock WHERE ticket_id = ANY(%s) AND state <> 'void' ORDER BY id"
    return _decode_clocks(_fetch_json(CLOCK_COLUMNS, rows, list(ids)))


def lock_clocks(ids: Sequence[int]) -> list[KnownClock]:
    """Locks the clocks of tickets that are locked already; waits for a sweep that is writing their alerts."""
    rows = _fetch(
        "SELECT id, ticket_id, kind, cycle, alerted_percent::float, state FROM incidents_clock"
        " WHERE ticket_id = ANY(%s) ORDER BY id FOR UPDATE",
        list(ids),
    )
    clocks = [KnownClock(*row) for row in rows]
    # In a statement of its own: the one that waited for the lock still sees the alerts of before.
    told: dict[int, set[float]] = {clock.id: set() for clock in clocks if clock.alerted_percent}
    if not told:
        return clocks
    for pk, percent in _fetch(
        "SELECT clock_id, percent::float FROM incidents_alert WHERE clock_id = ANY(%s) AND state <> 'withdrawn'",
        list(told),
    ):
        told[pk].add(percent)
    return [clock._replace(told=frozenset(told.get(clock.id, ()))) for clock in clocks]


def find_projects(keys: Iterable[str]) -> dict[str, int]:
    """The primary keys of the projects with these keys, so far as there are any."""
    named = {key for key in keys if key}
    return dict(Project.objects.filter(key__in=named).values_list("key", "pk")) if named else {}


def reserve_ticket_ids(count: int) -> list[int]:
    """Fresh primary keys."""
    rows = _fetch("SELECT nextval('incidents_ticket_id_seq') FROM generate_series(1, %s)", count)
    return [row[0] for row in rows]


def copy_tickets(tickets: Iterable[TicketRow]) -> None:
    """Writes new tickets."""
    _copy_rows("incidents_ticket", TICKET_COLUMNS, tickets)


def copy_events(events: Iterable[tuple[Any, ...]]) -> None:
    """Writes new history: rows as EVENT_COLUMNS names them, the fingerprint as bytes."""
    rows = ((pk, f"\\x{fingerprint.hex()}", *rest) for pk, fingerprint, *rest in events)
    _copy_rows("incidents_ticketevent", EVENT_COLUMNS, rows)


def copy_clocks(clocks: Iterable[ClockRow]) -> None:
    """Writes new clocks."""
    place = ClockRow._fields.index("crossings")
    rows = ((*row[:place], _write_array(row.crossings), *row[place + 1 :]) for row in clocks)
    _copy_rows("incidents_clock", CLOCK_COLUMNS, rows)


def update_tickets(rows: Sequence[TicketRow]) -> None:
    """Brings known tickets to their new state in one statement."""
    # The attributes are JSON already, and would arrive as a string within a string.
    dicts = [{**row._asdict(), "attributes": orjson.Fragment(row.attributes)} for row in rows]
    _update_from_json("incidents_ticket", _TICKET_TYPES, dicts, keep={"id", "external_id", "received_at"})


def clear_replay_marks(ids: Sequence[int]) -> None:
    """Takes the request for a replay off tickets that have no history to replay; the auditor finds those."""
    if ids:
        _execute("UPDATE incidents_ticket SET replay_requested_at = NULL WHERE id = ANY(%s)", list(ids))


def update_clocks(rows: Sequence[tuple[int, ClockRow]]) -> None:
    """Brings known clocks to their new state in one statement."""
    dicts = [{"id": pk, **row._asdict()} for pk, row in rows]
    _update_from_json("incidents_clock", _CLOCK_TYPES, dicts, keep={"id", "ticket_id", "kind", "cycle"})


def void_clocks(ids: Sequence[int]) -> None:
    """Marks cycles that the history does not know any more; their alerts stay as the record they are."""
    _execute(
        "UPDATE incidents_clock SET state = 'void', verdict = NULL, next_check_at = NULL, alerted_percent = 0,"
        " escalation_level = 0 WHERE id = ANY(%s)",
        list(ids),
    )


def _write_array(values: Iterable[Any]) -> str:
    """PostgreSQL's text form of an array of plain words or moments, which differs from JSON in its brackets only."""
    return f"{{{orjson.dumps(tuple(values)).decode()[1:-1]}}}"


def _copy_rows(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes new rows by COPY, piece by piece: the server works on one while the next is made."""
    copy_in = f"COPY {table} ({columns}) FROM STDIN WITH (FORMAT csv, NULL 'null', ESCAPE '\\')"
    # Django leaves psycopg's errors as they are in here, unless told.
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(copy_in) as copy:
        rows = iter(rows)
        while piece := list(islice(rows, ROWS_PER_PIECE)):
            copy.write(encode_csv(piece))


def _fetch_json(columns: str, rows: str, parameter: Any) -> str:
    """The rows as one JSON list of lists, for a decoder to read in one go."""
    found = _fetch(f"SELECT json_build_array({columns})::text FROM {rows}", parameter)
    return f"[{','.join([row[0] for row in found])}]"


def _fetch(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _execute(sql: str, parameter: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [parameter])


def _update_from_json(table: str, types: dict[str, str], rows: list[dict[str, Any]], *, keep: set[str]) -> None:
    if not rows:
        return
    names = list(rows[0])
    record = ", ".join(f"{name} {types.get(name, 'text')}" for name in names)
    changes = ", ".join(f"{name} = r.{name}" for name in names if name not in keep)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS x SET {changes} FROM json_to_recordset(%s) AS r({record}) WHERE x.id = r.id",
            [orjson.dumps(rows).decode()],
        )
