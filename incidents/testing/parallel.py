"""Several things at once, each on a connection of its own."""

import threading
from collections.abc import Callable, Sequence

from django.db import connections


def run_at_once(works: Sequence[Callable[[], object]], *, timeout_seconds: float = 60) -> list[BaseException]:
    """Runs each work in a thread, all released by one barrier; returns what they raised.

    Needs a test whose data other connections can see, `django_db(transaction=True)`.
    """
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout_seconds)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout_seconds)
    if any(thread.is_alive() for thread in threads):
        errors.append(TimeoutError("a thread did not end in time"))
    return errors
