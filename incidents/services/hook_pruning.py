"""Deleting calls of hooks that have served their time."""

import time
from datetime import timedelta

from incidents.models import HookCall
from tracker import clock

CALLS_ARE_KEPT_FOR = timedelta(days=30)
BATCH_SIZE = 500


def prune_hook_calls(*, max_seconds: float = 40) -> int:
    """Deletes in batches, each a transaction of its own, so that no lock lasts; how many. It may be stopped."""
    ends_at, total = time.monotonic() + max_seconds, 0
    old = HookCall.objects.filter(received_at__lt=clock.now() - CALLS_ARE_KEPT_FOR)
    while time.monotonic() < ends_at:
        batch = list(old.order_by("received_at").values_list("pk", flat=True)[:BATCH_SIZE])
        if batch:
            total += HookCall.objects.filter(pk__in=batch).delete()[0]
        if len(batch) < BATCH_SIZE:
            break
    return total
