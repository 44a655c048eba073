"""Deleting what has served its time and nobody has a say in: stored answers, counters of guesses, ended sessions."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from tracker import clock
from tracker.models import IdempotencyRecord, LoginAttempt, LoginSession
from tracker.services.batches import delete_in_batches

ANSWERS_ARE_KEPT_FOR = timedelta(days=1)
LOGIN_ATTEMPTS_ARE_KEPT_FOR = timedelta(days=1)
# A revoked family must stay known for as long as a refresh token of it could come back.
LOGIN_SESSIONS_ARE_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PruneResult:
    """How many rows went, by kind."""

    answers: int
    login_attempts: int
    login_sessions: int
    sessions: int

    @property
    def total(self) -> int:
        """All rows that went."""
        return self.answers + self.login_attempts + self.login_sessions + self.sessions


def prune_registry() -> PruneResult:
    """Deletes in batches, each a transaction of its own, so that no lock lasts. It may be stopped and repeated."""
    now = clock.now()
    return PruneResult(
        answers=_delete(IdempotencyRecord.objects.filter(created_at__lt=now - ANSWERS_ARE_KEPT_FOR)),
        login_attempts=_delete(LoginAttempt.objects.filter(window_started_at__lt=now - LOGIN_ATTEMPTS_ARE_KEPT_FOR)),
        login_sessions=_delete(LoginSession.objects.filter(expires_at__lt=now - LOGIN_SESSIONS_ARE_KEPT_FOR)),
        sessions=_delete(Session.objects.filter(expire_date__lt=now)),
    )


def _delete(rows: QuerySet[Any]) -> int:
    return delete_in_batches(rows)[0]
