"""The one place that tells the time, so that tests and simulations can move it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from django.conf import settings

_shift: timedelta | None = None
_frozen_at: datetime | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    if _frozen_at is not None:
        return _frozen_at
    moment = datetime.now(UTC)
    offset_seconds: float = settings.CLOCK_OFFSET_SECONDS
    if _shift is None and not offset_seconds:
        return moment
    return moment + (_shift or timedelta()) + timedelta(seconds=offset_seconds)


@contextmanager
def moved(*, to: datetime | None = None, by: timedelta | None = None) -> Iterator[None]:
    """Freezes the clock at `to` (aware), or shifts the running clock `by` a timedelta; never in production.

    Raises:
        RuntimeError: this is a production process.
    """
    global _shift, _frozen_at
    if settings.IS_PRODUCTION:
        raise RuntimeError("The clock cannot be moved in production.")
    before = (_shift, _frozen_at)
    _shift, _frozen_at = by, to
    try:
        yield
    finally:
        _shift, _frozen_at = before
