"""Deleting old lines of the log, by whole months: a month of which nothing stays is dropped, others are thinned out.

What stays is declared in tracker/retention.py. The log's trigger lets lines go only in a transaction that announces it.
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError, connection, transaction

from tracker.access import Actor
from tracker.partitions import EVENTS, Partition, list_partitions, start_of
from tracker.retention import kept_verbs, open_objects
from tracker.services.partitions import drop_partition

BATCH_ROWS = 5_000
LOCK_TIMEOUT = "1s"
ANNOUNCE = "SELECT set_config('tracker.is_pruning', 'on', true)"


def prune_log(before: datetime, stop_at: float) -> tuple[int, bool]:
    """Deletes the lines of the months that ended before `before`, but for what stays; how many, and whether all."""
    horizon, total = _horizon(before), 0
    for partition in _due_partitions(horizon):
        if time.monotonic() >= stop_at:
            return total, False
        if partition.month is not None and not _has(partition, "{kept}", horizon):
            total += _drop(partition)
            continue
        deleted, is_done = _thin_out(partition, horizon, stop_at)
        total += deleted
        if deleted and is_done and partition.month is not None:
            _give_back_room(partition)
        if not is_done:
            return total, False
    return total, True


def count_log(before: datetime, most: int) -> int:
    """How many lines would go, but no more than `most`."""
    horizon, total = _horizon(before), 0
    for partition in _due_partitions(horizon):
        statement = f"SELECT count(*) FROM (SELECT 1 FROM {partition.name} WHERE {{due}} LIMIT %(most)s) AS due"  # noqa: S608
        total += _ask(statement, horizon, most=most - total)
        if total >= most:
            break
    return total


def _horizon(before: datetime) -> datetime:
    return start_of(before.astimezone(UTC).date().replace(day=1))


def _due_partitions(horizon: datetime) -> list[Partition]:
    return [part for part in list_partitions(EVENTS) if part.end is None or part.end <= horizon]


def _thin_out(partition: Partition, horizon: datetime, stop_at: float) -> tuple[int, bool]:
    statement = (
        f"WITH due AS (SELECT id FROM {partition.name} WHERE id > %(last)s AND {{due}} ORDER BY id LIMIT {BATCH_ROWS}),"  # noqa: S608
        f" gone AS (DELETE FROM {partition.name} p USING due WHERE p.id = due.id RETURNING p.id)"
        " SELECT count(*), max(id) FROM gone"
    )
    total, last = 0, 0
    while time.monotonic() < stop_at:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(ANNOUNCE)
            cursor.execute(_told(statement), _values(horizon, last=last))
            count, last = cursor.fetchone()
        total += count
        if count < BATCH_ROWS:
            return total, True
    return total, False


def _give_back_room(partition: Partition) -> None:
    """Writes the few lines that stay anew; of an old month, which nobody writes to."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor, suppress(OperationalError):
        # Rather leave the room than let every stream wait behind us for whoever reads the log just now.
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        try:
            cursor.execute(f"VACUUM (FULL, ANALYZE) {partition.name}")
        finally:
            cursor.execute("RESET lock_timeout")


def _drop(partition: Partition) -> int:
    count = _ask(f"SELECT count(*) FROM {partition.name}", datetime.now(UTC))  # noqa: S608
    drop_partition(actor=Actor.system("prune"), partition=partition)
    return count


def _has(partition: Partition, condition: str, horizon: datetime) -> bool:
    return bool(_ask(f"SELECT EXISTS (SELECT FROM {partition.name} WHERE {condition})", horizon))  # noqa: S608


def _ask(statement: str, horizon: datetime, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_told(statement), _values(horizon, **values))
        return int(cursor.fetchone()[0])


def _told(statement: str) -> str:
    opens = [f"(object_type = '{name}' AND object_id IN ({select}))" for name, select in open_objects().items()]
    kept = " OR ".join(["verb = ANY(%(verbs)s)", *opens])
    return statement.format(kept=f"({kept})", due=f"at < %(horizon)s AND NOT ({kept})")


def _values(horizon: datetime, **values: Any) -> Mapping[str, Any]:
    return {"verbs": kept_verbs(), "horizon": horizon, **values}
