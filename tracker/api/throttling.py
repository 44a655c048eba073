"""How many requests a minute: counted atomically in Valkey by user and by token; without Valkey all pass."""

import logging
import threading
import time
from dataclasses import dataclass
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
LARGEST_LEASE = 50
MOST_LEASES = 10_000
# One script, because INCR and a later EXPIRE are two steps, between which a process can die and leave an eternal count.
COUNT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[2])
if count == tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
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


@dataclass(slots=True)
class Lease:
    """Requests that this process may let through without asking again, until the minute is over."""

    left: int
    ends_at: float


_leases: dict[str, Lease] = {}
_lock = threading.Lock()


def count_request(key: str, *, limit: int) -> None:
    """Counts one request of `key` in its minute.

    A process takes up to a hundredth of the minute's requests from Valkey at once, so that a round trip is not the
    larger part of a cheap request. What is taken is counted: all processes together let no more than `limit` through.

    Raises:
        Throttled: more than `limit`; says when the minute is over.
    """
    now = time.monotonic()
    with _lock:
        lease = _leases.get(key)
        if lease is not None and lease.ends_at > now and lease.left > 0:
            lease.left -= 1
            return
    if now >= _closed_until:
        _take_lease(key, limit, now)


def _take_lease(key: str, limit: int, now: float) -> None:
    global _closed_until
    size = max(1, min(LARGEST_LEASE, limit // 100))
    try:
        count, milliseconds_left = _count(keys=[f"tracker:rate:{key}"], args=[WINDOW_SECONDS * 1000, size])
    except RedisError:
        # A few seconds without asking, so that a dead Valkey costs one time-out and not one a request.
        _closed_until = now + BREAK_SECONDS
        logger.warning("Valkey does not answer; requests are not counted for a while.")
        return
    granted = size - max(0, count - limit)
    if granted <= 0:
        seconds = max(1, -(-int(milliseconds_left) // 1000))
        raise Throttled(f"Up to {limit} requests a minute.", retry_after_seconds=seconds)
    with _lock:
        if len(_leases) >= MOST_LEASES:
            _leases.clear()
        _leases[key] = Lease(granted - 1, now + milliseconds_left / 1000)


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
