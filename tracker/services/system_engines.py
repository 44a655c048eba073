"""What the System page tells of the engines below: database, broker, cache, disk, settings."""

import shutil
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.checks import ERROR, CheckMessage
from django.db import connection

from tracker.broker import read_broker
from tracker.checks import find_faults
from tracker.monitoring import BROKER_ERRORS, media_path, read_database
from tracker.services.system import Cell, Content, Fact, Section, Tone, Unit, register_section

MOST_TABLES = 8
FULL_SHARE, CROWDED_SHARE = 0.03, 0.9
LONG_TRANSACTION_SECONDS = 300
FINDINGS_ARE_FRESH_SECONDS = 30.0
SELECT_ACTIVITY = """
SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float,
       count(*) FILTER (WHERE wait_event_type = 'Lock')
  FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
# A partitioned table counts with its partitions.
SELECT_TABLES = """
SELECT coalesce(parent.relname, c.relname), sum(pg_total_relation_size(c.oid))::bigint,
       sum(greatest(c.reltuples, 0))::bigint
  FROM pg_class c
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
 WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
 GROUP BY 1 ORDER BY 2 DESC LIMIT %s
"""


def read_database_part() -> Content:
    """How big it is, how busy, and which tables take the room."""
    size, connections, most = read_database()
    with connection.cursor() as cursor:
        cursor.execute(SELECT_ACTIVITY)
        oldest, waiting = cursor.fetchone()
        cursor.execute(SELECT_TABLES, [MOST_TABLES])
        tables = cursor.fetchall()
    is_crowded, is_long = connections > CROWDED_SHARE * most, oldest > LONG_TRANSACTION_SECONDS
    facts = [
        Fact("Size", size, Unit.BYTES),
        Fact(
            "Connections",
            f"{connections:,} of {most:,}",
            tone=Tone.ALERT if is_crowded else Tone.PLAIN,
            note="Raise max_connections, or put a pooler in front." if is_crowded else "",
        ),
        Fact(
            "Oldest transaction",
            oldest,
            Unit.SECONDS,
            tone=Tone.ALERT if is_long else Tone.PLAIN,
            note="It holds live pages and streams back." if is_long else "",
        ),
        Fact("Waiting for a lock", waiting),
    ]
    rows = [[Cell(name), Cell(size, Unit.BYTES), Cell(count)] for name, size, count in tables]
    return Content(facts=facts, columns=("Table", "Size", "Rows, about"), rows=rows)


def read_broker_part() -> Content:
    """What broker and cache are, and how many wake-ups wait."""
    try:
        broker = read_broker()
    except BROKER_ERRORS:
        note = "Work goes on by the workers' safety net, a little later."
        facts = [Fact("Broker", "does not answer", tone=Tone.BREACH, note=note)]
    else:
        waiting = [Fact(f"Messages in {name}", count) for name, count in broker.messages.items()]
        facts = [Fact("Broker", f"{broker.kind} {broker.version}".strip()), *waiting]
    return Content(facts=[*facts, _tell_cache()])


def _tell_cache() -> Fact:
    try:
        backend: Any = caches["default"]
        information = backend._cache.get_client(write=True).info()
    except BROKER_ERRORS:
        return Fact("Cache", "does not answer", tone=Tone.BREACH, note="Rates are not limited, and pages are slower.")
    valkey, redis = information.get("valkey_version"), information.get("redis_version", "")
    return Fact("Cache", f"Valkey {valkey}" if valkey else f"Redis {redis}", note=_tell_memory(information))


def _tell_memory(information: dict[str, Any]) -> str:
    used, most = information.get("used_memory_human", ""), information.get("maxmemory_human", "0B")
    return f"{used} of {most} in use" if most not in ("", "0B") else f"{used} in use"


def read_disk() -> Content:
    """How much room is left where files are stored."""
    usage = shutil.disk_usage(media_path())
    is_low = usage.free < FULL_SHARE * usage.total or usage.free < 2 * settings.MEDIA_RESERVE_BYTES
    place = "a bucket of S3" if settings.ATTACHMENTS_S3_BUCKET else "this disk"
    note = "Near the end no file is taken in any more." if is_low else ""
    return Content(
        facts=[
            Fact("Free", usage.free, Unit.BYTES, tone=Tone.BREACH if is_low else Tone.PLAIN, note=note),
            Fact("Size", usage.total, Unit.BYTES),
            Fact("Files are kept on", place),
        ]
    )


class _Findings:
    """What the configuration check found, asked anew every half a minute: it opens connections and writes a file."""

    def __init__(self) -> None:
        self._found: Sequence[CheckMessage] = ()
        self._asked_at = float("-inf")

    def read(self) -> Sequence[CheckMessage]:
        if time.monotonic() - self._asked_at > FINDINGS_ARE_FRESH_SECONDS:
            self._found, self._asked_at = find_faults(), time.monotonic()
        return self._found


FINDINGS = _Findings()


def read_configuration() -> Content:
    """What the configuration check has to say, and what to do about it."""
    rows = [
        [
            Cell(message.id or "", tone=Tone.BREACH if message.level >= ERROR else Tone.ALERT),
            Cell(f"{message.msg} {message.hint or ''}".strip()),
        ]
        for message in FINDINGS.read()
    ]
    return Content(columns=("Finding", "What, and what to do"), rows=rows, empty="The settings are in order.")


register_section(
    Section("configuration", "Configuration", read_configuration, position=15, is_outside=True),
    Section("broker", "Broker and cache", read_broker_part, position=20, is_outside=True),
    Section("database", "Database", read_database_part, position=30),
    Section("disk", "Disk", read_disk, position=35, is_outside=True),
)
