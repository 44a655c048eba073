"""What a process does when it starts: it says its release and what the configuration check found, and a process whose
database is older than its code waits for `manage.py prepare` instead of failing at every statement.
"""

import asyncio
import logging
import sys
from typing import Any

from celery.signals import worker_init
from django.conf import settings
from django.db import connections

from tracker.checks import find_faults
from tracker.schema_state import GATE, LOOK_EVERY_SECONDS
from tracker.version import VERSION

logger = logging.getLogger(__name__)


def tell_start(role: str) -> None:
    """One line for the release and one for each finding; never keeps anybody from starting."""
    logger.info("Tracker %s starts.", VERSION, extra={"role": role, "is_production": settings.IS_PRODUCTION})
    try:
        for finding in find_faults():
            logger.log(finding.level, "%s %s", finding.msg, finding.hint or "", extra={"check": finding.id})
    except Exception:
        # A check that breaks is a fault of the check.
        logger.exception("The configuration check broke.")
    finally:
        connections.close_all()


class WebStart:
    """The start of a web process: it listens at once, and refuses with 503 while the database is older than it."""

    def __init__(self) -> None:
        self.is_waiting = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Looks beside the loop; whoever asks meanwhile is served, as the database was right until now."""
        self._task = asyncio.create_task(self._look())

    async def end(self) -> None:
        """Gives up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while not await asyncio.to_thread(_is_open):
            self.is_waiting = True
            await asyncio.sleep(LOOK_EVERY_SECONDS)
        self.is_waiting = False
        await asyncio.to_thread(tell_start, "web")


def _is_open() -> bool:
    try:
        return GATE.is_open()
    finally:
        connections.close_all()


WEB = WebStart()


def connect() -> None:
    """Lets Celery's workers start like this; beat does so by itself."""
    worker_init.connect(_start_worker, weak=False)


def require_own_sessions() -> None:
    """Ends a worker or a beat whose sessions with the database are lent: their locks are held by sessions."""
    if settings.DATABASE_IS_POOLED:
        sys.exit(
            "DATABASE_IS_POOLED is for the web alone: workers and beat need a DATABASE_URL that leads past the pooler."
        )


def _start_worker(**_: Any) -> None:
    require_own_sessions()
    GATE.wait()
    tell_start("worker")
