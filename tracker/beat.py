"""Beat's scheduler: of any number of beats one leads, by an advisory lock, and another takes over when it is gone."""

import logging
import os
import signal
import time
from datetime import timedelta
from types import FrameType
from typing import Any

import psycopg
from celery.signals import beat_init
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django_celery_beat.schedulers import DatabaseScheduler

from tracker import heartbeats, pulse
from tracker.choices import ProcessKind
from tracker.processes import Activity, PresenceThread
from tracker.schema_state import GATE
from tracker.starting import require_own_sessions, tell_start

LOCK_KEY = 7_221_900_417
HEARTBEAT_EVERY_SECONDS = 10.0
RETRY_SECONDS = 2.0
# A leader that was stopped (SIGSTOP, a frozen machine) keeps its lock; after this long without a sign it loses it.
LEADER_IS_LOST_AFTER = timedelta(seconds=60)
LOST_LEADERSHIP_EXIT_CODE = 70
logger = logging.getLogger(__name__)


class Leadership:
    """The advisory lock, held on a connection of its own for as long as this process leads.

    It needs a direct connection: behind a pooler that hands out a connection per transaction the lock means nothing.
    """

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None

    def acquire(self) -> bool:
        """Tries once; whether this process leads now."""
        try:
            candidate = self._connect()
            row = candidate.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone()
            if row and row[0]:
                self._connection = candidate
                return True
            if _is_leader_lost():
                self._end_leader(candidate)
            candidate.close()
        except (psycopg.Error, DatabaseError, InterfaceError) as error:
            logger.warning("The database does not answer; trying again.", extra={"error": type(error).__name__})
            close_old_connections()
        return False

    def is_held(self) -> bool:
        """Whether the connection that holds the lock still lives."""
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def release(self) -> None:
        """Lets another beat lead at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> psycopg.Connection:
        parameters: dict[str, Any] = connection.get_connection_params()
        for name in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(name, None)
        return psycopg.connect(
            **{
                **parameters,
                "autocommit": True,
                "application_name": "tracker-beat",
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
            }
        )

    def _end_leader(self, candidate: psycopg.Connection) -> None:
        """Closes the lost leader's connection; when it wakes, it finds the lock gone and exits."""
        logger.warning("The leading beat has given no sign of life; taking over.")
        candidate.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND ((classid::bigint << 32) | objid::bigint) = %s AND objsubid = 1",
            [LOCK_KEY],
        )


def _is_leader_lost() -> bool:
    last_sign = heartbeats.age(heartbeats.BEAT)
    return last_sign is not None and last_sign > LEADER_IS_LOST_AFTER


class SingletonDatabaseScheduler(DatabaseScheduler):
    """django-celery-beat's scheduler for the one beat that leads; the others tick without sending anything."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._leadership = Leadership()
        self._has_led = self._has_waited = False
        self._last_heartbeat = float("-inf")
        self._is_ticking = self._must_end = False
        self._presence: PresenceThread | None = None
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Nothing: rows are made by `sync_schedules` alone, and are read when this beat begins to lead."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Sends what is due where this process leads; answers the seconds until the next tick."""
        self._is_ticking = True
        pulse.beat("beat")
        try:
            return self._tick(*args, **kwargs)
        finally:
            self._is_ticking = False
            if self._must_end:
                raise SystemExit

    def show_presence(self) -> None:
        """Begins to show that this beat lives, whether it leads or waits."""
        self._presence = PresenceThread(ProcessKind.BEAT, lambda: Activity(is_leading=self._has_led))
        self._presence.start()

    def end(self, number: int, frame: FrameType | None) -> None:
        """Takes SIGTERM and SIGINT: ends a sleeping beat at once, and a working one as soon as its tick is done.

        Celery's own handler saves the schedule itself. In the middle of a query it waits for the connection
        that the interrupted query holds, for ever.

        Raises:
            SystemExit: nothing is being done.
        """
        self._must_end = True
        if not self._is_ticking:
            raise SystemExit

    def _tick(self, *args: Any, **kwargs: Any) -> float:
        if not GATE.is_open():
            return RETRY_SECONDS
        if not self._leadership.is_held() and not self._take_lead():
            return RETRY_SECONDS
        self._beat_heart()
        delay: float = super().tick(*args, **kwargs)
        return delay

    def close(self) -> None:
        """Saves what ran and hands over."""
        super().close()
        if self._presence is not None:
            self._presence.stop()
        self._leadership.release()

    def _take_lead(self) -> bool:
        if self._has_led:
            # Whatever this process still remembers is stale: a new one, started by the supervisor, reads it afresh.
            logger.error("This beat has lost the lead.")
            os._exit(LOST_LEADERSHIP_EXIT_CODE)
        if not self._leadership.acquire():
            if not self._has_waited:
                logger.info("Another beat leads; this one waits to take over.")
            self._has_waited = True
            return False
        self._has_led, self._initial_read, self._heap = True, True, None
        self._beat_heart()
        logger.info("This beat leads.")
        return True

    def _beat_heart(self) -> None:
        if time.monotonic() - self._last_heartbeat < HEARTBEAT_EVERY_SECONDS:
            return
        try:
            close_old_connections()
            heartbeats.beat_once(heartbeats.BEAT)
            self._last_heartbeat = time.monotonic()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("Beat's heartbeat could not be written.", extra={"error": type(error).__name__})


@beat_init.connect
def _end_between_ticks(sender: Any, **_: Any) -> None:
    require_own_sessions()
    tell_start("beat")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, sender.scheduler.end)
    sender.scheduler.show_presence()
