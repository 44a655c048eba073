"""Each process shows every ten seconds that it lives, in a row of its own: which release it runs, since when, and what
a worker is doing. Asking them over the broker instead would tell nothing while the broker is away."""

import logging
import os
import platform
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connections
from django.db.models import QuerySet

from tracker import clock
from tracker.choices import ProcessKind
from tracker.models import Process
from tracker.version import VERSION

EVERY_SECONDS = 10.0
# Three signs may be missed, across a restart of the database.
GONE_AFTER = timedelta(seconds=40)
FORGOTTEN_AFTER = timedelta(days=1)
MOST_DOING = 20
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a process says of itself: the tasks that run in it, how many ever ran, whether it is the leading beat."""

    doing: list[dict[str, str]] = field(default_factory=list)
    tasks_total: int = 0
    is_leading: bool = False


def living_processes() -> QuerySet[Process]:
    """The processes that gave a sign of life lately."""
    return Process.objects.filter(seen_at__gt=clock.now() - GONE_AFTER)


def forget_old_processes() -> int:
    """Deletes rows of processes that were last seen a day ago; answers how many."""
    return Process.objects.filter(seen_at__lt=clock.now() - FORGOTTEN_AFTER).delete()[0]


class Presence:
    """The row of this process. One that ends in good order deletes it; one that was killed is seen to be missing."""

    def __init__(self, kind: ProcessKind) -> None:
        self._id, self._pid, self._kind, self._started_at = secrets.token_hex(4), os.getpid(), kind, clock.now()

    def show(self, activity: Activity = Activity()) -> None:
        """Writes the sign of life."""
        signs: dict[str, Any] = {
            "seen_at": clock.now(),
            "doing": activity.doing[:MOST_DOING],
            "tasks_total": activity.tasks_total,
            "is_leading": activity.is_leading,
        }
        facts = {"kind": self._kind, "release": VERSION, "python": platform.python_version()}
        if not Process.objects.filter(pk=self._id).update(**signs):
            row = Process(id=self._id, started_at=self._started_at, **facts, **signs)
            Process.objects.bulk_create([row], ignore_conflicts=True)

    def leave(self) -> None:
        """Takes the row away; a child that inherited this object by a fork leaves its parent's alone."""
        if os.getpid() == self._pid:
            Process.objects.filter(pk=self._id).delete()


class PresenceThread(threading.Thread):
    """Shows presence every ten seconds until stopped; a daemon, so that it never keeps a process from ending."""

    def __init__(self, kind: ProcessKind, read_activity: Callable[[], Activity] = Activity) -> None:
        super().__init__(name="presence", daemon=True)
        self._presence, self._read_activity = Presence(kind), read_activity
        self._is_stopped = threading.Event()

    def run(self) -> None:
        """Shows, waits, and leaves when stopped."""
        while True:
            self._attempt(lambda: self._presence.show(self._read_activity()))
            if self._is_stopped.wait(EVERY_SECONDS):
                break
        self._attempt(self._presence.leave)
        connections.close_all()

    def stop(self) -> None:
        """Ends the thread; does not wait for long."""
        self._is_stopped.set()
        self.join(timeout=2)

    def _attempt(self, act: Callable[[], None]) -> None:
        try:
            close_old_connections()
            act()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The sign of life could not be written.", extra={"error": type(error).__name__})
