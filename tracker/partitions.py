"""Which tables lie in partitions by month, what partitions there are, and how a migration makes such a table.

Whatever no month takes lies in the partition `…_default`, so that nothing ever fails to be written.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import connection, migrations

from tracker import clock

# No column can be unique by itself any more: the moment belongs to every unique key. The sequence is no identity,
# which PostgreSQL grants to partitioned tables from 17 on only.
_PARTITION = """
CREATE TABLE {table}_in_months (LIKE {table} INCLUDING DEFAULTS) PARTITION BY RANGE ({column});
DROP TABLE {table};
ALTER TABLE {table}_in_months RENAME TO {table};
CREATE SEQUENCE {table}_id_seq OWNED BY {table}.id;
ALTER TABLE {table} ALTER id SET DEFAULT nextval('{table}_id_seq');
ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id, {column});
CREATE TABLE {table}_default PARTITION OF {table} DEFAULT;
"""
_LIST = """
SELECT c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass ORDER BY c.relname
"""
_MONTH = re.compile(r"_([0-9]{4})_([0-9]{2})\Z")


@dataclass(frozen=True, slots=True)
class MonthlyTable:
    """A table whose rows lie by the month (in UTC) of one of their moments, in `column`."""

    name: str
    column: str

    @property
    def default(self) -> str:
        """The partition of all rows whose month has none."""
        return f"{self.name}_default"

    def partition(self, month: date) -> str:
        """The name of a month's own partition."""
        return f"{self.name}_{month:%Y_%m}"


@dataclass(frozen=True, slots=True)
class Partition:
    """A part of a table as the database knows it: `month` is its first day, None for the default partition.

    `rows` is what the planner believes, `size_bytes` includes the indexes.
    """

    table: MonthlyTable
    name: str
    month: date | None
    rows: int
    size_bytes: int

    @property
    def end(self) -> datetime | None:
        """The moment from which on nothing lies here."""
        return start_of(add_months(self.month, 1)) if self.month else None


EVENTS = MonthlyTable("tracker_event", "at")
TICKET_EVENTS = MonthlyTable("incidents_ticketevent", "updated_at")
MONTHLY_TABLES = (EVENTS, TICKET_EVENTS)


def partition_by_month(table: MonthlyTable) -> migrations.RunSQL:
    """The operation that follows right upon the one that creates the table: it is empty, and has no index yet."""
    sql = _PARTITION.format(table=table.name, column=table.column)
    return migrations.RunSQL(sql, migrations.RunSQL.noop)


def list_partitions(*tables: MonthlyTable) -> list[Partition]:
    """The partitions of these tables (none named: of all), the oldest month first, the default partition last."""
    return [partition for table in tables or MONTHLY_TABLES for partition in _list(table)]


def count_months_ahead() -> int:
    """For how many months after the present one every table has its partitions; -1 where the present one is missing."""
    months = [{partition.month for partition in _list(table)} for table in MONTHLY_TABLES]
    ahead = -1
    while all(add_months(present_month(), ahead + 1) in there for there in months):
        ahead += 1
    return ahead


def present_month() -> date:
    """The first day of the month that it is in UTC."""
    return clock.now().astimezone(UTC).date().replace(day=1)


def add_months(month: date, count: int) -> date:
    """The first day of the month that is so many later."""
    year, place = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, place + 1, 1)


def start_of(month: date) -> datetime:
    """The moment at which a month begins."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def _list(table: MonthlyTable) -> list[Partition]:
    with connection.cursor() as cursor:
        cursor.execute(_LIST, [table.name])
        found = cursor.fetchall()
    return [Partition(table, name, _read_month(name), rows, size) for name, rows, size in found]


def _read_month(name: str) -> date | None:
    found = _MONTH.search(name)
    return date(int(found[1]), int(found[2]), 1) if found else None
