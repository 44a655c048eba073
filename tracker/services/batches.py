"""Deleting much without holding anybody up: batches, each a transaction of its own."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet

BATCH_ROWS = 5_000


def delete_in_batches(
    rows: QuerySet[Any],
    *,
    stop_at: float | None = None,
    batch_rows: int = BATCH_ROWS,
    delete: Callable[[Sequence[Any]], int] | None = None,
) -> tuple[int, bool]:
    """Deletes rows in the order of their keys; how many went, and whether none is left. It may be stopped and repeated.

    Args:
        stop_at: the value of `time.monotonic()` at which to stop.
        delete: deletes the rows with these keys, where more hangs on them than the database knows.
    """
    total, last = 0, None
    while stop_at is None or time.monotonic() < stop_at:
        since = rows if last is None else rows.filter(pk__gt=last)
        batch = list(since.order_by("pk").values_list("pk", flat=True)[:batch_rows])
        if batch:
            last = batch[-1]
            total += delete(batch) if delete is not None else rows.filter(pk__in=batch).delete()[0]
        if len(batch) < batch_rows:
            return total, True
    return total, False


def count_up_to(rows: QuerySet[Any], most: int) -> int:
    """How many rows there are, but no more than `most`."""
    return rows.order_by()[:most].count()
