"""What a clock on the wall may mean: nothing in the hour that spring leaves out, two moments in autumn's double one."""

from datetime import UTC, datetime, tzinfo


def read_local(text: str) -> datetime:
    """A day and time as a form's field writes them.

    Raises:
        ValueError: it is none.
    """
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None or len(text) < len("2026-01-01T00:00"):
        raise ValueError("A local time has no offset.")
    return local


def find_moments(local: datetime, zone: tzinfo) -> list[datetime]:
    """The moments, in UTC and in order, at which clocks of this zone show `local`.

    Raises:
        OverflowError: beyond the calendar.
    """
    found: list[datetime] = []
    for fold in (0, 1):
        moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        is_shown = moment.astimezone(zone).replace(tzinfo=None, fold=0) == local
        if is_shown and moment not in found:
            found.append(moment)
    return found


def write_offset(moment: datetime, zone: tzinfo) -> str:
    """How the two of a double hour are told apart: `02:30 CEST (+02:00)`."""
    local = moment.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%H:%M %Z} ({offset[:3]}:{offset[3:5]})"
