"""Partitions by month: made ahead of time, filled out of the default one, and dropped whole when their time is over."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial

from django.db import DatabaseError, connection, transaction

from tracker.access import Actor
from tracker.partitions import (
    MONTHLY_TABLES,
    MonthlyTable,
    Partition,
    add_months,
    list_partitions,
    present_month,
    start_of,
)
from tracker.services.events import log_event
from tracker.services.partition_moves import copy_months, drop_copies, swap_in_months

MONTHS_AHEAD = 3
# Fewer do no harm in the default partition, and each partition costs every statement that has to look into all.
ROWS_WORTH_A_MONTH = 100_000
MOST_MONTHS_AT_ONCE = 24
# Who waits for a table makes all others wait behind it: rather give up, and try again.
LOCK_TIMEOUT = "1s"
STATEMENT_TIMEOUT = "3s"
TRIES = 5
PAUSE_SECONDS = 1.0
# One at a time; the number is this module's own.
ADVISORY_LOCK = 7_203_118


def create_partitions(*, actor: Actor, is_patient: bool = False) -> int:
    """Makes the months that are missing from the present one to MONTHS_AHEAD later, and those of which the default
    partition holds much; what lies there moves along. Nobody waits longer than a few seconds.

    Args:
        actor: who asks, for the log.
        is_patient: no limit to how long others wait; for a maintenance window.

    Returns:
        how many partitions were made.

    Raises:
        DatabaseError: somebody held a table for all of TRIES; everything else is as it was.
    """
    made = 0
    failures: list[DatabaseError] = []
    for table in MONTHLY_TABLES:
        held = _count_default(table)
        months = _find_wanted(table, held)
        try:
            if months and held.keys() & set(months):
                _move(actor, table, months, is_patient)
            elif months:
                _insist(partial(_attach, actor, table, months), is_patient)
            made += len(months)
        except DatabaseError as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return made


def drop_partition(*, actor: Actor, partition: Partition) -> None:
    """Drops one month, of which nothing has to stay.

    Raises:
        DatabaseError: somebody held the table for all of TRIES.
    """
    _insist(partial(_drop, actor, partition.table, partition.name))


def analyse_tables() -> None:
    """Lets the planner know what the tables hold as wholes, which autovacuum does for their partitions only."""
    with connection.cursor() as cursor:
        for table in MONTHLY_TABLES:
            cursor.execute(f"ANALYZE {table.name}")


def _find_wanted(table: MonthlyTable, held: dict[date, int]) -> list[date]:
    there = {partition.month for partition in list_partitions(table) if partition.month}
    first = present_month()
    coming = [add_months(first, count) for count in range(MONTHS_AHEAD + 1)]
    crowded = sorted((month for month, rows in held.items() if rows >= ROWS_WORTH_A_MONTH), reverse=True)
    return sorted({*coming, *crowded[:MOST_MONTHS_AT_ONCE]} - there)


def _count_default(table: MonthlyTable) -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT date_trunc('month', {table.column} AT TIME ZONE 'UTC')::date, count(*)"  # noqa: S608
            f" FROM {table.default} GROUP BY 1"
        )
        return dict(cursor.fetchall())


def _attach(actor: Actor, table: MonthlyTable, months: list[date]) -> None:
    """Attached and not created in place: that would lock the whole table, this only its default partition."""
    with connection.cursor() as cursor:
        for month in months:
            name, bounds = table.partition(month), [start_of(month), start_of(add_months(month, 1))]
            cursor.execute(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING DEFAULTS INCLUDING INDEXES)")
            cursor.execute(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", bounds)
    _log_created(actor, table, months)


def _move(actor: Actor, table: MonthlyTable, months: list[date], is_patient: bool) -> None:
    def swap() -> None:
        swap_in_months(table, months)
        _log_created(actor, table, months)

    try:
        copy_months(table, months)
        _insist(swap, is_patient)
    finally:
        drop_copies(table, months)


def _drop(actor: Actor, table: MonthlyTable, name: str) -> None:
    # Not DETACH … CONCURRENTLY, which PostgreSQL refuses where there is a default partition.
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
    data = {"partitions": [name]}
    log_event(actor=actor, verb="partitions.dropped", object_type="table", object_id=table.name, data=data)


def _log_created(actor: Actor, table: MonthlyTable, months: list[date]) -> None:
    data = {"partitions": [table.partition(month) for month in months]}
    log_event(actor=actor, verb="partitions.created", object_type="table", object_id=table.name, data=data)


def _insist(step: Callable[[], None], is_patient: bool = False) -> None:
    """Runs a step in a transaction that waits for nobody for long, again and again."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                _limit_waiting(is_patient)
                step()
            return
        except DatabaseError:
            if not tries_left:
                raise
        time.sleep(PAUSE_SECONDS)


def _limit_waiting(is_patient: bool) -> None:
    with connection.cursor() as cursor:
        if not is_patient:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADVISORY_LOCK])
