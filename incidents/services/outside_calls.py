"""What keeps an outside provider from being asked too often: answers are kept for a while, and calls are counted."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from incidents.enrichment.base import NotNow
from incidents.models import LookUp
from tracker import clock

WINDOW_SECONDS = 60
# One statement, so that calls are counted right however many workers make them.
COUNT_CALL = """
INSERT INTO incidents_lookup AS l (provider, key, answer, created_at, expires_at)
VALUES (%(provider)s, %(key)s, '1', %(now)s, %(now)s + interval '2 minutes')
ON CONFLICT (provider, key) DO UPDATE SET answer = to_jsonb((l.answer #>> '{}')::int + 1)
 WHERE (l.answer #>> '{}')::int < %(most)s
RETURNING 1
"""


def find_answer(provider: str, url: str) -> Any:
    """What the provider answered at this address lately; None where it was not asked, or long ago."""
    kept = LookUp.objects.filter(provider=provider, key=_key(url), expires_at__gt=clock.now())
    return kept.values_list("answer", flat=True).first()


def keep_answer(provider: str, url: str, answer: Any) -> None:
    """Keeps an answer for ENRICHMENT_CACHE_HOURS. The address is kept as a digest: it may name a person's."""
    if not settings.ENRICHMENT_CACHE_HOURS:
        return
    now = clock.now()
    kept = {"answer": answer, "created_at": now, "expires_at": now + timedelta(hours=settings.ENRICHMENT_CACHE_HOURS)}
    LookUp.objects.update_or_create(provider=provider, key=_key(url), defaults=kept)


def count_call(provider: str) -> None:
    """Counts one call of the running minute, on all workers together.

    Raises:
        NotNow: there were ENRICHMENT_RATE_PER_MINUTE calls already; it says how long the minute still lasts.
    """
    now = clock.now()
    values: dict[str, Any] = {"provider": provider, "key": _minute(now), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CALL, values | {"most": settings.ENRICHMENT_RATE_PER_MINUTE})
        if cursor.fetchone() is None:
            raise NotNow(max(1.0, WINDOW_SECONDS - now.timestamp() % WINDOW_SECONDS))


def calls_left(provider: str) -> int:
    """How many calls the running minute still allows, so that nobody takes work that would only be put off."""
    made = LookUp.objects.filter(provider=provider, key=_minute(clock.now())).values_list("answer", flat=True).first()
    return max(0, settings.ENRICHMENT_RATE_PER_MINUTE - int(made or 0))


def forget_old_answers(*, limit: int = 1000) -> int:
    """Deletes what is out of date, and old counts; how many rows."""
    old = LookUp.objects.filter(expires_at__lte=clock.now()).order_by("expires_at").values("pk")[:limit]
    return LookUp.objects.filter(pk__in=old).delete()[0]


def _minute(now: datetime) -> str:
    return f"calls in minute {now.timestamp() // WINDOW_SECONDS:.0f}"


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
