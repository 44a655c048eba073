"""What the tables of a database come to, so that two can be compared: rows, and a hash that no order changes."""

from collections.abc import Callable

from django.db import connection

from tracker.backups.manifest import TableMark

# Partitions are part of their table; what the database computes by itself is not asked for.
TABLES = """
SELECT format('%I.%I', n.nspname, c.relname),
       string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
 GROUP BY n.nspname, c.relname ORDER BY 1
"""
# Two hashes of 64 bits, summed up: equal for the same rows in whatever order they lie.
MARK = """
SELECT count(*), coalesce(sum(hashtextextended(row.text, 0)), 0)::text || ':' ||
       coalesce(sum(hashtextextended(row.text, 1)), 0)::text
  FROM (SELECT ROW({columns})::text COLLATE "C" AS text FROM {table}) row
"""
# How a value is written depends on these.
SAME_SPELLING = "SET LOCAL timezone = 'UTC'", "SET LOCAL datestyle = 'ISO'", "SET LOCAL intervalstyle = 'postgres'"


def find_tables() -> dict[str, str]:
    """The tables of the database, and the columns of each that are compared."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return dict(cursor.fetchall())


def mark_tables(progress: Callable[[str], object]) -> dict[str, TableMark]:
    """What each table comes to; inside a transaction. `progress` hears of each table that is done."""
    marks = {}
    with connection.cursor() as cursor:
        for statement in (*SAME_SPELLING, "SET LOCAL extra_float_digits = 1", "SET LOCAL bytea_output = 'hex'"):
            cursor.execute(statement)
        for table, columns in find_tables().items():
            cursor.execute(MARK.format(table=table, columns=columns))
            rows, mark = cursor.fetchone()
            marks[table] = TableMark(int(rows), mark)
            progress(table)
    return marks
