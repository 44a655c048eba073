"""How many forms a process reads at once: a slow upload holds a thread, and threads are for everybody."""

import threading
from collections import Counter

from django.conf import settings

from tracker.exceptions import Throttled

RETRY_SECONDS = 3
_taken: Counter[str] = Counter()
_lock = threading.Lock()


class FormPlace:
    """The right to send one form, from its first byte to the end of its request.

    Half of the threads take forms, and half of these one person's, so that nobody's uploads stop all other work.

    Raises:
        Throttled: all places are taken; says when to come back.
    """

    def __init__(self, person: str) -> None:
        most = max(1, settings.WEB_THREADS // 2)
        most_of_one = max(1, most // 2)
        with _lock:
            if _taken[person] >= most_of_one or _taken.total() >= most:
                message = f"Up to {most_of_one} uploads at once; send them one after the other."
                raise Throttled(message, retry_after_seconds=RETRY_SECONDS)
            _taken[person] += 1
        self._person: str | None = person

    def close(self) -> None:
        """Gives the place back; may be called again."""
        with _lock:
            if self._person is not None:
                _taken[self._person] -= 1
                if not _taken[self._person]:
                    del _taken[self._person]
                self._person = None
