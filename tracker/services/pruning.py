"""Deleting what has served its time: stored answers, counters of guesses, sessions that ended, old news."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from tracker import clock
from tracker.models import IdempotencyRecord, LoginAttempt, LoginSession, Notification

ANSWERS_ARE_KEPT_FOR = timedelta(days=1)
LOGIN_ATTEMPTS_ARE_KEPT_FOR = timedelta(days=1)
# A revoked family must stay known for as long as a refresh token of it could come back.
LOGIN_SESSIONS_ARE_KEPT_FOR = timedelta(days=30)
# After it was read, or told by letter alone. What nobody has read stays.
NOTIFICATIONS_ARE_KEPT_FOR = timedelta(days=90)
BATCH_SIZE = 5_000


@dataclass(frozen=True, slots=True)
class PruneResult:
    """How many rows went, by kind."""

    answers: int
    login_attempts: int
    login_sessions: int
    sessions: int
    notifications: int

    @property
    def total(self) -> int:
        """All rows that went."""
        return self.answers + self.login_attempts + self.login_sessions + self.sessions + self.notifications


def prune_registry() -> PruneResult:
    """Deletes in batches, each a transaction of its own, so that no lock lasts. It may be stopped and repeated."""
    now = clock.now()
    long_ago = now - NOTIFICATIONS_ARE_KEPT_FOR
    is_told = Q(read_at__lt=long_ago) | Q(is_listed=False, mail_at=None, created_at__lt=long_ago)
    return PruneResult(
        answers=_delete(IdempotencyRecord.objects.filter(created_at__lt=now - ANSWERS_ARE_KEPT_FOR)),
        login_attempts=_delete(LoginAttempt.objects.filter(window_started_at__lt=now - LOGIN_ATTEMPTS_ARE_KEPT_FOR)),
        login_sessions=_delete(LoginSession.objects.filter(expires_at__lt=now - LOGIN_SESSIONS_ARE_KEPT_FOR)),
        sessions=_delete(Session.objects.filter(expire_date__lt=now)),
        notifications=_delete(Notification.objects.filter(is_told)),
    )


def _delete(rows: QuerySet[Any]) -> int:
    total = 0
    while True:
        batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_SIZE])
        if batch:
            total += rows.filter(pk__in=batch).delete()[0]
        if len(batch) < BATCH_SIZE:
            return total
