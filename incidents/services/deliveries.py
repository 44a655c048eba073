"""The outbox."""

from collections.abc import Sequence

from incidents.choices import Notice


def route_alerts(alert_ids: Sequence[int], *, notice: Notice) -> None:
    """Writes a delivery for each channel that wants to hear of these alerts."""
