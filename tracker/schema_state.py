"""Does the database fit this code? Older than the code it cannot be worked with; newer than it, it can."""

import logging
import threading
import time
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, close_old_connections, connections
from django.db.migrations.executor import MigrationExecutor

from tracker.postgresql.unfinished import is_unfinished

LOOK_EVERY_SECONDS = 2.0
TELL_EVERY_SECONDS = 30.0
MOST_NAMED = 3
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Migrations by `app.name`: `missing` are ours and not applied, `unknown` were applied by a later release."""

    applied: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def read_schema_state(alias: str = DEFAULT_DB_ALIAS) -> SchemaState:
    """Compares the database's history with the migrations of this code."""
    executor = MigrationExecutor(connections[alias])
    loader = executor.loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    known = set(loader.disk_migrations) | {key for squash in loader.disk_migrations.values() for key in squash.replaces}
    unknown = {key for key in loader.applied_migrations if key[0] in loader.migrated_apps} - known
    return SchemaState(
        len(loader.applied_migrations),
        tuple(f"{migration.app_label}.{migration.name}" for migration, _ in plan),
        tuple(sorted(f"{app}.{name}" for app, name in unknown)),
    )


def name_some(migrations: tuple[str, ...]) -> str:
    """The first few, and how many more there are."""
    more = len(migrations) - MOST_NAMED
    return ", ".join(migrations[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


class SchemaGate:
    """Open once the database has all that this code needs, and open from then on: nobody takes columns away from a
    release that still runs. Cheap to ask: it looks at most every two seconds, and never again once it is open."""

    def __init__(self) -> None:
        self._is_open = False
        self._lock = threading.Lock()
        self._looked_at = self._told_at = float("-inf")
        self._last_answer = True

    def is_open(self) -> bool:
        """Whether to work. A database that does not answer decides nothing: everybody meets that elsewhere."""
        if self._is_open:
            return True
        with self._lock:
            if not self._is_open and time.monotonic() - self._looked_at > LOOK_EVERY_SECONDS:
                self._last_answer = self._look()
                self._looked_at = time.monotonic()
        return self._last_answer

    def wait(self) -> None:
        """Returns once it is open."""
        while not self.is_open():
            time.sleep(LOOK_EVERY_SECONDS)

    def _look(self) -> bool:
        try:
            trouble = self._find_trouble()
        except (DatabaseError, InterfaceError):
            close_old_connections()
            return True
        self._is_open = not trouble
        if trouble and time.monotonic() - self._told_at > TELL_EVERY_SECONDS:
            self._told_at = time.monotonic()
            logger.error(trouble)
        return self._is_open

    def _find_trouble(self) -> str:
        missing = name_some(read_schema_state().missing)
        if missing:
            return f"The database is older than this release: it lacks {missing}. Waiting; run `manage.py prepare`."
        if is_unfinished():
            return "A restore of this database did not come to its end. Waiting; make it anew, and restore again."
        return ""


GATE = SchemaGate()
