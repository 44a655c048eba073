"""The live stream. The event table is the truth; this doorbell only wakes whoever reads it.

Here is what every process may import. The readers (tailer, hub, rights, connections) are asyncio, and are imported by
asgi.py alone.
"""

import logging

from django.conf import settings
from django.db import transaction
from redis import Redis, RedisError

from tracker import metrics

DOORBELL = "tracker:events"
LATEST_CALLBACKS = 8
logger = logging.getLogger(__name__)
_client = Redis.from_url(settings.REDIS_URL, socket_timeout=0.3, socket_connect_timeout=0.3)


def ring_stream() -> None:
    """Wakes the tailers once the running transaction commits; a dead Valkey is logged and otherwise ignored.

    A transaction that writes many events rings once. Should the savepoint that rang be rolled back, the ring is lost,
    which costs what a lost ring costs: half a second.
    """
    waiting = transaction.get_connection().run_on_commit[-LATEST_CALLBACKS:]
    if not any(callback is _publish for _, callback, *_ in waiting):
        transaction.on_commit(_publish, robust=True)


def _publish() -> None:
    try:
        _client.publish(DOORBELL, b"")
    except RedisError:
        metrics.DOORBELLS_LOST.labels("stream").inc()
        logger.warning("The stream's doorbell does not answer; readers fall back to polling.")
