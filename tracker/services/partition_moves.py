"""Rows of the default partition on their way into months of their own. Used by services/partitions.py alone.

They are copied first, while everybody reads and writes. Then, under a lock, the copies are made equal once more and
take the default partition's place: what lasts as long as there are rows holds nobody up.
"""

from datetime import date
from typing import NamedTuple

from django.db import connection, transaction

from tracker.partitions import MonthlyTable, add_months, start_of

# Streams wait for every transaction that writes, and so none of these may take long.
ROWS_AT_ONCE = 50_000


class _Copy(NamedTuple):
    """A table that will be a partition: its name, the rows that belong there, and its bounds."""

    name: str
    belongs: str
    bounds: str


def copy_months(table: MonthlyTable, months: list[date]) -> None:
    """Copies what the default partition holds: these months to tables of their own, the rest to its successor."""
    drop_copies(table, months)
    for copy in _copies(table, months):
        _execute(
            f"CREATE TABLE {copy.name} (LIKE {table.name} INCLUDING DEFAULTS INCLUDING INDEXES,"
            f" CONSTRAINT {copy.name}_range CHECK ({copy.belongs}))"
        )
        last: int | None = 0
        while last is not None:
            with transaction.atomic():
                last = _copy_some(table, copy, last)


def swap_in_months(table: MonthlyTable, months: list[date]) -> None:
    """Puts the copies in the default partition's place. In a transaction, which locks the table until its end."""
    copies = _copies(table, months)
    _execute(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")
    for copy in copies:
        _make_equal(table, copy)
    _execute(f"ALTER TABLE {table.name} DETACH PARTITION {table.default}")
    _execute(f"DROP TABLE {table.default}")
    for copy in copies:
        # The check spares PostgreSQL the look at every row.
        _execute(f"ALTER TABLE {table.name} ATTACH PARTITION {copy.name} {copy.bounds}")
        _execute(f"ALTER TABLE {copy.name} DROP CONSTRAINT {copy.name}_range")
    _execute(f"ALTER TABLE {_rest(table)} RENAME TO {table.default}")


def drop_copies(table: MonthlyTable, months: list[date]) -> None:
    """Drops the copies that never became partitions, such as a run leaves that was killed."""
    for name in (*map(table.partition, months), _rest(table)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT relispartition FROM pg_class WHERE oid = to_regclass(%s)", [name])
            found = cursor.fetchone()
        if found == (False,):
            _execute(f"DROP TABLE IF EXISTS {name}")


def _copies(table: MonthlyTable, months: list[date]) -> list[_Copy]:
    copies = []
    for month in months:
        first, end = start_of(month), start_of(add_months(month, 1))
        belongs = f"{table.column} >= '{first}' AND {table.column} < '{end}'"
        copies.append(_Copy(table.partition(month), belongs, f"FOR VALUES FROM ('{first}') TO ('{end}')"))
    rest = " AND ".join(f"NOT ({copy.belongs})" for copy in copies)
    return [*copies, _Copy(_rest(table), rest, "DEFAULT")]


def _copy_some(table: MonthlyTable, copy: _Copy, last: int) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH copied AS (INSERT INTO {copy.name} SELECT * FROM {table.default} WHERE {copy.belongs} AND id > %s"  # noqa: S608
            f" ORDER BY id LIMIT {ROWS_AT_ONCE} RETURNING id) SELECT max(id) FROM copied",
            [last],
        )
        found: int | None = cursor.fetchone()[0]
    return found


def _make_equal(table: MonthlyTable, copy: _Copy) -> None:
    """What was written since is added, what was changed or deleted since goes."""
    originals = f"SELECT * FROM {table.default} WHERE {copy.belongs}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(there.id, here.id) FROM ({originals}) there"  # noqa: S608
            f" FULL JOIN {copy.name} here ON here.id = there.id"
            " WHERE ROW(there.*) IS DISTINCT FROM ROW(here.*)"
        )
        differing = [row[0] for row in cursor.fetchall()]
        cursor.execute(f"DELETE FROM {copy.name} WHERE id = ANY(%s)", [differing])  # noqa: S608
        cursor.execute(f"INSERT INTO {copy.name} {originals} AND id = ANY(%s)", [differing])


def _rest(table: MonthlyTable) -> str:
    return f"{table.default}_next"


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
