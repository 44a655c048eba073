"""Files that no row names, left by a process that died between file and row or by a deleted issue; and lost ones."""

import logging
import secrets
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from tracker import clock
from tracker.files.claims import claimed_keys, find_claimed
from tracker.files.keeping import drop_abandoned_uploads, forget_files, kept_since, list_keys
from tracker.files.names import storage_shards

# A row follows its file within seconds; a day leaves room for every clock and every restart.
ORPHANS_ARE_KEPT_FOR = timedelta(hours=24)
BATCH_SIZE = 1_000
MAX_DELETED = 2_000
# An empty table beside a full store is more often a wrong or half restored database than a house without files.
MAX_DELETED_WITHOUT_ROWS = 10
logger = logging.getLogger(__name__)


def sweep_orphan_files(*, max_seconds: float = 40) -> int:
    """Deletes stored files older than a day that no row names, and uploads that were never finished; answers how many.

    Each run begins at another folder, so that one that is cut short does not always leave out the same.
    """
    started, older_than = time.monotonic(), clock.now() - ORPHANS_ARE_KEPT_FOR
    count = drop_abandoned_uploads(older_than=older_than)
    has_rows = next(iter(claimed_keys()), None) is not None
    most = count + (MAX_DELETED if has_rows else MAX_DELETED_WITHOUT_ROWS)
    shards = storage_shards()
    first = secrets.randbelow(len(shards))
    for shard in [*shards[first:], *shards[:first]]:
        for batch in _batches(list_keys(shard)):
            if time.monotonic() - started > max_seconds or count >= most:
                logger.warning("The sweep of orphaned files stopped early; the next one goes on.")
                return count
            orphans = _find_orphans(batch, older_than)[: most - count]
            forget_files(orphans)
            count += len(orphans)
    return count


def find_lost_files() -> list[str]:
    """The keys that rows name and the storage does not have; there should never be one."""
    lost, shard, kept = [], "", set()
    for key in claimed_keys():
        if not key.startswith(f"{shard}/"):
            shard = key.partition("/")[0]
            kept = set(list_keys(shard))
        # Asked once more: it may have been taken away in the meantime.
        if key not in kept and find_claimed([key]):
            lost.append(key)
    return lost


def _find_orphans(keys: Sequence[str], older_than: datetime) -> list[str]:
    named = find_claimed(keys)
    orphans = []
    for key in keys:
        if key not in named:
            stored_at = kept_since(key)
            if stored_at is not None and stored_at < older_than:
                orphans.append(key)
    return orphans


def _batches(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[start : start + BATCH_SIZE] for start in range(0, len(keys), BATCH_SIZE)]
