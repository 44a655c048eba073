"""How many requests a minute: counted atomically in Valkey by user and by token; without Valkey all pass."""

import logging
import time
from typing import Any

from django.conf import settings
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework.request import Request

from tracker.api.authentication import actor_of
from tracker.exceptions import Throttled

WINDOW_SECONDS = 60
TIMEOUT_SECONDS = 0.1
BREAK_SECONDS = 5.0
# One script, because INCR and a later EXPIRE are two steps, between which a process can die and leave an eternal count.
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""
logger = logging.getLogger(__name__)
_client = Redis.from_url(
    settings.REDIS_URL,
    socket_timeout=TIMEOUT_SECONDS,
    socket_connect_timeout=TIMEOUT_SECONDS,
    retry=Retry(NoBackoff(), 0),
)
_count = _client.register_script(COUNT)
_closed_until = 0.0


def count_request(key: str, *, limit: int) -> None:
    """Counts one request of `key` in its minute.

    Raises:
        Throttled: more than `limit`; says when the minute is over.
    """
    global _closed_until
    if time.monotonic() < _closed_until:
        return
    try:
        count, milliseconds_left = _count(keys=[f"tracker:rate:{key}"], args=[WINDOW_SECONDS * 1000])
    except RedisError:
        # A few seconds without asking, so that a dead Valkey costs one time-out and not one a request.
        _closed_until = time.monotonic() + BREAK_SECONDS
        logger.warning("Valkey does not answer; requests are not counted for a while.")
        return
    if count > limit:
        seconds = max(1, -(-int(milliseconds_left) // 1000))
        raise Throttled(f"Up to {limit} requests a minute.", retry_after_seconds=seconds)


class AtomicRateThrottle:
    """The throttle of every view; `API_RATE_PER_MINUTE` = 0 switches it off."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """True, or a refusal.

        Raises:
            Throttled: too many.
        """
        limit: int = settings.API_RATE_PER_MINUTE
        actor = actor_of(request)
        if limit and actor.role is not None:
            count_request(actor.key, limit=limit)
        return True

    def wait(self) -> float | None:
        """Not asked: the refusal says it itself."""
        return None
