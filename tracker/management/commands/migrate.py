"""`manage.py migrate`: Django's own, for a database that others are at work in."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

# "Lock not available" and "deadlock detected": somebody was in the way, and nothing was changed.
PASSING_STATES = {"55P03", "40P01"}
PATIENCE_SECONDS = 600.0
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
LOCK_KEY = 7_221_900_418
OLDEST_TRANSACTION = """
    SELECT coalesce(nullif(application_name, ''), 'unnamed'), state, round(extract(epoch FROM now() - xact_start))::int
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
    ORDER BY xact_start LIMIT 1
"""


class Command(migrate.Command):
    """A lock that is not to be had within a second is given up and asked for again; of several runs one is at work."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs the command; what has been applied stays applied from one try to the next."""
        connection = connections[options["database"]]
        ends_at = time.monotonic() + PATIENCE_SECONDS
        with _alone(connection, ends_at):
            while True:
                try:
                    super().handle(*args, **options)
                    return
                except OperationalError as error:
                    if not _will_pass(error) or connection.in_atomic_block:
                        raise
                    if time.monotonic() > ends_at:
                        raise CommandError(_describe(connection)) from error
                self.stderr.write("The tables are in use; trying again.")
                # By chance, so that it does not keep step with whoever holds the lock.
                time.sleep(random.uniform(SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS))  # noqa: S311


@contextmanager
def _alone(connection: BaseDatabaseWrapper, ends_at: float) -> Iterator[None]:
    """Of all that migrate this database, one at a time."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
            if cursor.fetchone() == (True,):
                break
            if time.monotonic() > ends_at:
                raise CommandError(f"Another migrate is still at work after {PATIENCE_SECONDS:.0f} seconds.")
            time.sleep(SHORTEST_PAUSE_SECONDS)
    try:
        yield
    finally:
        # A connection that is closed has let go of it.
        if connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def _will_pass(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in PASSING_STATES


def _describe(connection: BaseDatabaseWrapper) -> str:
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_TRANSACTION)
        row = cursor.fetchone()
    holder = f" The oldest transaction is {row[0]}'s, {row[1]}, {row[2]} s old." if row else ""
    return (
        f"The tables stayed in use for {PATIENCE_SECONDS:.0f} seconds; nothing was left half done.{holder} Try again."
    )
