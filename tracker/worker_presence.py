"""Shows that a worker lives, and what it is doing, for as long as it runs."""

from datetime import UTC, datetime
from typing import Any

from celery import bootsteps
from celery.worker import state

from tracker.choices import ProcessKind
from tracker.processes import Activity, PresenceThread


def read_activity() -> Activity:
    """The tasks that the pool of this worker runs now, and how many it ever took."""
    doing = [
        {"task": request.name, "since": _write_moment(request.time_start)}
        for request in list(state.active_requests)
        if request.time_start
    ]
    return Activity(doing=doing, tasks_total=sum(state.total_count.values()))


def _write_moment(started: float) -> str:
    return datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds")


class PresenceStep(bootsteps.StartStopStep):
    """Starts the thread once the worker's pool stands."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self._thread: PresenceThread | None = None

    def start(self, parent: Any) -> None:
        """Called by Celery."""
        self._thread = PresenceThread(ProcessKind.WORKER, read_activity)
        self._thread.start()

    def stop(self, parent: Any) -> None:
        """Called by Celery."""
        if self._thread is not None:
            self._thread.stop()
