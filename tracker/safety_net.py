"""The worker's safety net: vital sweeps run on while broker or beat are away, because their work stands in PostgreSQL.

A thread in each worker looks every few seconds whether a vital sweep has started lately. Where nobody rang for it, the
thread runs it itself. It needs nothing but the database.
"""

import logging
import threading
from datetime import datetime, timedelta
from typing import Any

from celery import Celery, bootsteps
from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django_celery_beat.models import PeriodicTask

from tracker import clock, heartbeats, logs, pulse, schedules
from tracker.models import SweepHeartbeat
from tracker.schedules import DefaultSchedule, Every

LOOK_EVERY_SECONDS = 2.0
GRACE = timedelta(seconds=4)
logger = logging.getLogger(__name__)


def find_late_sweeps(now: datetime) -> list[DefaultSchedule]:
    """The vital sweeps that should have started by `now` and did not. One that an admin switched off is never late."""
    vital = {name: default for name, default in schedules.default_schedules().items() if default.is_vital}
    rows = PeriodicTask.objects.filter(name__in=vital, enabled=True).select_related("interval", "crontab")
    whens = {row.name: schedules.read_when(row) for row in rows}
    started = dict(SweepHeartbeat.objects.values_list("name", "started_at"))
    late = []
    for name, when in whens.items():
        if not isinstance(when, Every):
            continue
        last = started.get(vital[name].sweep)
        if last is None or now - last > timedelta(seconds=when.seconds) + GRACE:
            late.append(vital[name])
    return late


def run_late_sweeps(app: Celery) -> list[str]:
    """Runs what is late, here and now; returns the names. One sweep's failure does not keep the next from running."""
    names = []
    for default in find_late_sweeps(clock.now()):
        task = app.tasks.get(default.task)
        if task is None:
            continue
        with logs.context(request_id=logs.new_request_id(), operation=default.task):
            logger.warning("Nobody rang for this sweep; the worker runs it itself.")
            if default.is_long:
                _run_beside(default, task)
            else:
                _run(task)
        names.append(default.name)
    return names


def _run(task: Any) -> None:
    try:
        task.run()
    except Exception:
        # Whatever it was, it is recorded with the sweep; the thread has to live.
        logger.exception("A sweep failed.")


def _run_beside(default: DefaultSchedule, task: Any) -> None:
    """Runs a long sweep in a thread of its own, one at a time, so that no short one waits for it."""
    name = f"safety-net-{default.name}"
    if any(thread.name == name for thread in threading.enumerate()):
        return

    def run() -> None:
        try:
            _run(task)
        finally:
            connections.close_all()

    threading.Thread(target=run, name=name, daemon=True).start()


class SafetyNet(threading.Thread):
    """The thread; a daemon, so that it never keeps a worker from ending."""

    def __init__(self, app: Celery) -> None:
        super().__init__(name="safety-net", daemon=True)
        self._app = app
        self._is_stopped = threading.Event()

    def run(self) -> None:
        """Looks, runs, waits, until stopped."""
        while not self._is_stopped.wait(LOOK_EVERY_SECONDS):
            pulse.beat("worker")
            try:
                close_old_connections()
                run_late_sweeps(self._app)
                heartbeats.beat_once(heartbeats.SAFETY_NET)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("The database does not answer the safety net.", extra={"error": type(error).__name__})

    def stop(self) -> None:
        """Ends the thread after what it is doing; does not wait for long."""
        self._is_stopped.set()
        self.join(timeout=5)


class SafetyNetStep(bootsteps.StartStopStep):
    """Starts the thread once the worker's pool stands, and before it first looks for the broker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._thread: SafetyNet | None = None

    def start(self, parent: Any) -> None:
        """Called by Celery."""
        self._thread = SafetyNet(parent.app)
        self._thread.start()

    def stop(self, parent: Any) -> None:
        """Called by Celery."""
        if self._thread is not None:
            self._thread.stop()
