"""One consistent view of everything for as long as a report is computed, and the moment up to which it is settled."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, transaction

from tracker import clock

STATEMENT_TIMEOUT = timedelta(minutes=5)
# Between two statements a kind may reckon for longer than other transactions may lie idle.
IDLE_TIMEOUT = timedelta(minutes=5)
# The last one: PostgreSQL looks whether a worker still lives, so that a statement of a dead one soon frees its slot.
SETTINGS = """
SELECT set_config('statement_timeout', %s, true), set_config('idle_in_transaction_session_timeout', %s, true),
       set_config('client_connection_check_interval', '2s', true)
"""
# What began before and is not committed yet may still write moments that lie in the past.
OLDEST_WRITER = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float8 FROM pg_stat_activity
 WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""
LONGEST_LAG = timedelta(minutes=5)


@contextmanager
def open_snapshot() -> Iterator[None]:
    """A transaction that sees one moment and writes nothing. Inside a transaction of the caller that one is kept."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(SETTINGS, [_milliseconds(STATEMENT_TIMEOUT), _milliseconds(IDLE_TIMEOUT)])
        yield


def settled_moment() -> datetime:
    """Now, or when the oldest transaction began that is still writing: a report as of then can be made again."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_WRITER)
        lag = timedelta(seconds=cursor.fetchone()[0])
    return clock.now() - min(max(lag, timedelta()), LONGEST_LAG)


def _milliseconds(span: timedelta) -> str:
    return str(int(span.total_seconds() * 1000))
