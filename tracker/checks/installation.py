"""What only the services tell: the database, the clocks, the disk. Asked of every installation."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, InterfaceError, connection

from tracker.schema_state import name_some, read_schema_state

INSTALLATION = "installation"
OLDEST_POSTGRESQL = 150_000
LONGEST_SKEW_SECONDS = 2.0
UNREACHABLE = "tracker.E100"
MISSING_MIGRATIONS, UNKNOWN_MIGRATIONS = "tracker.E107", "tracker.W108"
Finding = Iterator[CheckMessage]
SERVER = """
    SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), lower('ÄŻ') = 'äż',
           pg_is_in_recovery(), current_setting('server_version')
"""


def _check_database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(SERVER)
        number, encoding, knows_letters, is_replica, version = cursor.fetchone()
    if number < OLDEST_POSTGRESQL:
        yield Error(
            f"PostgreSQL is {version}.", hint="DATABASE_URL must lead to PostgreSQL 15 or newer.", id="tracker.E101"
        )
    if encoding != "UTF8":
        yield Error(
            f"The database keeps its texts in {encoding}.",
            hint="Make the database of DATABASE_URL with ENCODING 'UTF8'.",
            id="tracker.E102",
        )
    elif not knows_letters:
        yield Warning(
            "The database's locale knows no letters beyond ASCII: searches tell Ä from ä.",
            hint="Make the database of DATABASE_URL with LOCALE_PROVIDER builtin and BUILTIN_LOCALE 'C.UTF-8'.",
            id="tracker.W103",
        )
    if is_replica:
        yield Error(
            "The database is a replica and takes nothing.",
            hint="DATABASE_URL must lead to the primary.",
            id="tracker.E104",
        )


def _check_clocks() -> Finding:
    with connection.cursor() as cursor:
        before = datetime.now(UTC)
        cursor.execute("SELECT clock_timestamp()")
        (there,) = cursor.fetchone()
        after = datetime.now(UTC)
    skew = (there - (before + (after - before) / 2)).total_seconds()
    if abs(skew) > LONGEST_SKEW_SECONDS:
        yield Warning(
            f"The clock of the database is {skew:+.1f} s off this machine's.",
            hint="Let both follow the same time service; deadlines are judged by this machine's clock.",
            id="tracker.W105",
        )


def _check_pooler() -> Finding:
    """Whether two statements outside a transaction may meet two different servers: beat's lock would mean nothing."""
    if settings.DATABASE_IS_POOLED:
        # Known, and for webs alone: see docs/operations.md.
        return
    question = "SELECT pg_backend_pid()"
    other = connection.copy()
    try:
        with connection.cursor() as cursor, other.cursor() as theirs:
            if connection.in_atomic_block:
                return
            cursor.execute(question)
            before = cursor.fetchone()
            theirs.execute("BEGIN")
            theirs.execute(question)
            cursor.execute(question)
            after = cursor.fetchone()
            theirs.execute("ROLLBACK")
    finally:
        other.close()
    if before != after:
        yield Warning(
            "DATABASE_URL leads through a pooler that hands out a connection per transaction: two beats could lead.",
            hint="Set DATABASE_IS_POOLED=on for webs; beat, workers and `prepare` need a direct DATABASE_URL.",
            id="tracker.W106",
        )


def _check_media() -> Finding:
    path = Path(settings.MEDIA_ROOT)
    with contextlib.suppress(OSError):
        path.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        yield Error(
            f"Nothing can be written to MEDIA_ROOT: {type(error).__name__}.",
            hint=f"Mount a volume that this user may write at MEDIA_ROOT ({path}).",
            id="tracker.E109",
        )


CHECKS: tuple[Callable[[], Finding], ...] = (
    _check_database,
    _check_clocks,
    _check_pooler,
    _check_media,
)


@register(INSTALLATION, Tags.database)
def check_installation(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """All of the above; of a database that does not answer, only that."""
    if not databases:
        return []
    try:
        return [message for check in CHECKS for message in check()]
    except (DatabaseError, InterfaceError) as error:
        return [
            Error(
                f"The database does not answer: {type(error).__name__}.",
                hint="DATABASE_URL must lead to a PostgreSQL that this machine reaches and whose role may log in.",
                id=UNREACHABLE,
            )
        ]


def check_schema() -> Finding:
    """Whether the database fits the code. None of Django's checks: `migrate` runs those, and would refuse its work."""
    state = read_schema_state()
    if state.missing:
        yield Error(
            f"The database lacks {name_some(state.missing)}.", hint="Run `manage.py prepare`.", id=MISSING_MIGRATIONS
        )
    if state.unknown:
        yield Warning(
            f"The database was migrated by a later release ({name_some(state.unknown)}).",
            hint="This release goes on serving; end the upgrade or the way back soon.",
            id=UNKNOWN_MIGRATIONS,
        )
