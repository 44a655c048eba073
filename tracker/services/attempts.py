"""How many passwords may be tried: counted before a password is looked at, in a transaction of its own.

A counter that is read, compared and written later lets a hundred parallel guesses through; one that rolls back with the
request counts nothing. So one INSERT … ON CONFLICT … RETURNING hands every attempt its own number.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from tracker import clock
from tracker.exceptions import Throttled
from tracker.models import LoginAttempt

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 200
RESERVE = """
INSERT INTO tracker_loginattempt AS kept (key, window_started_at, count) VALUES (%s, %s, 1)
ON CONFLICT (key, window_started_at) DO UPDATE SET count = kept.count + 1 RETURNING count
"""


def key_of(kind: str, value: str) -> str:
    """A counter's key. Hashed, so that the table is no list of who has tried to log in from where."""
    return f"{kind}:{hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:40]}"


def reserve_attempt(key: str, *, limit: int, window: timedelta = WINDOW) -> None:
    """Takes one of the window's attempts. A key is always counted in windows of one length.

    Raises:
        Throttled: none is left; says when the window is over.
    """
    now = clock.now()
    started_at = _window_of(now, window)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(RESERVE, [key, started_at])
        (count,) = cursor.fetchone()
    if count > limit:
        seconds = max(1, int((started_at + window - now).total_seconds()) + 1)
        raise Throttled("Too many attempts. Try again later.", retry_after_seconds=seconds)


def forget_attempts(key: str) -> None:
    """Starts the count anew, after a success."""
    LoginAttempt.objects.filter(key=key).delete()


def return_attempt(key: str) -> None:
    """Gives one attempt back: it was a success, and many people may share an address."""
    LoginAttempt.objects.filter(key=key, window_started_at=_window_of(clock.now()), count__gt=0).update(
        count=F("count") - 1
    )


def _window_of(moment: datetime, window: timedelta = WINDOW) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=UTC)
