"""The log's transaction numbers across a restore.

Readers of the log keep their place as (transaction number, id), and a PostgreSQL that was set up this night begins to
count anew: what is written there would come before what everybody has read, and what was restored would lie beyond its
horizon. So the restored database adds to its own numbers what brings them above all that the lost one gave out.
"""

from django.db import ProgrammingError, connection, transaction

# More transactions than any installation makes between its backup and its end: at 10,000 a second, thirteen years.
ROOM = 2**42
RAISE = """
CREATE OR REPLACE FUNCTION tracker_stamp() RETURNS xid8 LANGUAGE sql VOLATILE PARALLEL UNSAFE
    AS 'SELECT (pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8 + {by})::pg_catalog.text::pg_catalog.xid8';
CREATE OR REPLACE FUNCTION tracker_horizon() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT (pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8 + {by})::pg_catalog.text::pg_catalog.xid8';
"""  # noqa: E501


def read_horizon() -> int:
    """Below this number everything has been written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tracker_horizon()::text::bigint")
        return int(cursor.fetchone()[0])


def find_cluster() -> str:
    """Which PostgreSQL this is; empty where it does not say so to us."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
            return str(cursor.fetchone()[0])
    except ProgrammingError:
        return ""


def go_on_above(stamp: int, *, cluster: str) -> None:
    """Lets the log of a restored database go on above `stamp` and all that was given out after it.

    The PostgreSQL that the backup is from counts on by itself: there is nothing to raise.
    """
    if cluster and cluster == find_cluster():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        counted = int(cursor.fetchone()[0])
        cursor.execute(RAISE.format(by=max(0, stamp + ROOM - counted)))
