"""How long anybody waited for a table, looked at many times a second."""

import threading

import psycopg

LOOK_EVERY_SECONDS = 0.02
LONGEST_WAIT = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - waitstart)), 0)::float8
    FROM pg_locks WHERE NOT granted AND locktype = 'relation'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class LockWatch(threading.Thread):
    """Looks until the `with` block ends; `longest` is the longest wait in seconds so far."""

    def __init__(self, database_url: str) -> None:
        super().__init__(daemon=True)
        self.longest = 0.0
        self._url, self._is_ended = database_url, threading.Event()

    def __enter__(self) -> "LockWatch":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_ended.set()
        self.join(timeout=10)

    def run(self) -> None:
        """Looks."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._is_ended.wait(LOOK_EVERY_SECONDS):
                row = connection.execute(LONGEST_WAIT).fetchone()
                self.longest = max(self.longest, row[0] if row else 0.0)
