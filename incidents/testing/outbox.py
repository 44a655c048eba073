"""Short ways through the outbox for tests."""

from typing import Any

from incidents.choices import Notice
from incidents.models import Alert, Channel, Delivery
from incidents.services.deliveries import route_alerts
from incidents.testing.factories import make_alert, make_channel, make_ticket
from incidents.testing.receiver import RunningReceiver


def make_webhook(receiver: RunningReceiver, path: str = "/webhook/ok", **fields: Any) -> Channel:
    """A channel that leads to a path of the stub receiver; Slack's where the path says so."""
    kind = "slack" if path.startswith("/slack") else "webhook"
    return make_channel(**{"kind": kind, "url": receiver.url(path), **fields})


def fire_alerts(count: int = 1) -> list[Alert]:
    """Alerts of as many tickets, with their deliveries written."""
    alerts = [make_alert(make_ticket()) for _ in range(count)]
    route_alerts([alert.pk for alert in alerts], notice=Notice.FIRED)
    return alerts


def count_by_status(channel: Channel) -> dict[str, int]:
    """How many deliveries of a channel stand where."""
    counts: dict[str, int] = {}
    for status in Delivery.objects.filter(channel=channel).values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    return counts


def pull_forward(channel: Channel | None = None) -> None:
    """Makes everything that waits due at once, as if the time had passed."""
    rows = Delivery.objects.filter(status="pending")
    rows = rows.filter(channel=channel) if channel is not None else rows
    rows.update(next_attempt_at="2000-01-01T00:00:00Z")
    Channel.objects.update(next_send_at=None)
