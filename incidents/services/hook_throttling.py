"""How often a hook was throttled: counted in memory and written at most once a second, so that a flood costs little."""

import threading
import time

from django.db.models import F

from incidents.models import Hook
from tracker import clock

WRITE_SECONDS = 1.0
MOST_HOOKS = 1_000
_counts: dict[int, int] = {}
_written_at: dict[int, float] = {}
_lock = threading.Lock()


def note_throttled(hook: Hook) -> None:
    """Counts one refused call; the hook's row shows since when and how many."""
    with _lock:
        if len(_counts) >= MOST_HOOKS:
            _counts.clear()
            _written_at.clear()
        _counts[hook.pk] = _counts.get(hook.pk, 0) + 1
        if time.monotonic() - _written_at.get(hook.pk, -WRITE_SECONDS) < WRITE_SECONDS:
            return
    write_throttled(hook)


def write_throttled(hook: Hook) -> None:
    """Writes what was counted since the last time; nothing where nothing was."""
    with _lock:
        count = _counts.pop(hook.pk, 0)
        if count:
            _written_at[hook.pk] = time.monotonic()
    if count:
        rows = Hook.objects.filter(pk=hook.pk)
        rows.update(throttled_at=clock.now(), throttled_count=F("throttled_count") + count)
