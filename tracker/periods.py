"""`?from=` and `?to=`: days on somebody's clocks, moments, or Unix seconds; and how moments are spelled."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.dateparse import parse_date, parse_datetime

from tracker.exceptions import InvalidInput

PERIOD = ("from", "to")
FIRST_YEAR, LAST_YEAR = 1970, 2200
A_MOMENT = "A day such as 2017-12-31, a moment such as 2017-12-31T08:00:00Z, or Unix seconds, from 1970 to 2200."


def read_period(params: Mapping[str, str], zone: tzinfo = UTC) -> tuple[datetime | None, datetime | None]:
    """The moments from which on, and before which; None is open. Days begin on the clocks of `zone`.

    Raises:
        InvalidInput: naming the parameter.
    """
    first = _read("from", params.get("from", ""), zone, days=0)
    last = _read("to", params.get("to", ""), zone, days=1)
    if first is not None and last is not None and first > last:
        raise InvalidInput.of_field("to", "Must not be before from.")
    return first, last


def spell_moment(moment: datetime) -> str:
    """A moment as addresses and results spell it: in UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(name: str, text: str, zone: tzinfo, *, days: int) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    try:
        moment = _parse(text, zone, days)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.tzinfo is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise InvalidInput.of_field(name, A_MOMENT)
    return moment


def _parse(text: str, zone: tzinfo, days: int) -> datetime | None:
    # Digits of other scripts are digits to Python.
    if not text.isascii():
        return None
    if text.isdecimal():
        return datetime.fromtimestamp(int(text), UTC)
    day: date | None = parse_date(text)
    return datetime.combine(day + timedelta(days=days), time(), zone) if day is not None else parse_datetime(text)
