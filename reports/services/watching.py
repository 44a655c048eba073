"""Watching over a report while it is computed: its lease is prolonged, its progress told, its end brought about."""

import logging
import threading
import time
from types import TracebackType

from django.db import DatabaseError, InterfaceError, connection

from reports.services.leases import Claim, prolong
from reports.services.report_ends import fail_report

BEAT_SECONDS = 2.0
MAX_RUN_SECONDS = 600.0
TOO_LONG = f"It took longer than {MAX_RUN_SECONDS / 60:.0f} minutes; ask for less at once."
logger = logging.getLogger(__name__)


class ReportStopped(Exception):
    """The report was cancelled, deleted, ended, or is in other hands: whatever is computed is not wanted any more."""


class Watch:
    """A thread beside the computation, with a database connection of its own that it opens when it first needs one.

    It also ends the statement that runs, so that what is not wanted any more costs nothing.
    """

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._progress = (0, 0)
        self._is_over = threading.Event()
        self._is_stopped = threading.Event()
        self._ends_at = time.monotonic() + MAX_RUN_SECONDS
        self._thread = threading.Thread(target=self._run, name=f"report-{claim.report.pk}", daemon=True)

    def __enter__(self) -> "Watch":
        connection.ensure_connection()
        # Django's wrapper belongs to this thread; psycopg's own may be asked to cancel from any.
        self._session = connection.connection
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def is_stopped(self) -> bool:
        """Whether the computation is not wanted any more."""
        return self._is_stopped.is_set()

    def tell(self, done: int, total: int) -> None:
        """Notes how far the computation is.

        Raises:
            ReportStopped: it is not wanted any more.
        """
        if self.is_stopped:
            raise ReportStopped
        self._progress = (max(0, done), max(0, total))

    def _run(self) -> None:
        try:
            while not self._is_over.wait(BEAT_SECONDS):
                self._look()
        finally:
            connection.close()

    def _look(self) -> None:
        done, total = self._progress
        try:
            if time.monotonic() > self._ends_at:
                fail_report(self._claim.report, lease=self._claim.lease, reason=TOO_LONG)
                self._is_stopped.set()
            elif not prolong(self._claim, done=done, total=total):
                self._is_stopped.set()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("A report's lease could not be prolonged.", extra={"error": type(error).__name__})
            connection.close()
        if self.is_stopped and not self._is_over.is_set():
            self._session.cancel_safe(timeout=BEAT_SECONDS)
