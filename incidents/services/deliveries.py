"""The outbox: which alerts go to which channels, and what people do with single deliveries.

Taking rows from it and sending them is in incidents/services/outbox.py and sending.py.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from incidents.choices import DeliveryStatus, Notice
from incidents.models import Delivery
from incidents.services.delivery_statements import COLLAPSE, LOG_DELIVERIES, ROUTE_FIRED, ROUTE_OUTCOME
from incidents.tasks import DELIVER, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict
from tracker.services.events import log_event
from tracker.telemetry import current_traceparent

# What was crossed longer ago is told by the pages, not by a message: importing a year must not ring a year's bells.
HISTORIC_AFTER = timedelta(hours=24)


def with_clock(**parameters: Any) -> dict[str, Any]:
    """Parameters of an outbox statement, and how far the application's clock stands from the real one: not at all but
    in tests and simulations."""
    shift = timedelta() if settings.IS_PRODUCTION else clock.now() - datetime.now(UTC)
    return {"shift": shift if abs(shift) > timedelta(milliseconds=100) else timedelta(), **parameters}


def route_alerts(alert_ids: Sequence[int], *, notice: Notice) -> None:
    """Writes a delivery for each channel that wants to hear of these alerts, in the transaction of the alerts.

    Args:
        alert_ids: alerts that fired, or that came to an end.
        notice: which of it. An outcome goes to those who were told of the alert, and replaces a "fired" that waits.
    """
    parameters = with_clock(
        alerts=list(alert_ids), notice=str(notice), historic=HISTORIC_AFTER, traceparent=current_traceparent()
    )
    with connection.cursor() as cursor:
        cursor.execute(ROUTE_FIRED if notice == Notice.FIRED else ROUTE_OUTCOME, parameters)
        if not cursor.rowcount:
            return
        if notice != Notice.FIRED:
            cursor.execute(COLLAPSE, parameters)
    ring(DELIVER)


def visible_deliveries(actor: Actor) -> QuerySet[Delivery]:
    """The deliveries that `actor` may know of: all or none, as access.yaml says."""
    everything = Delivery.objects.all()
    return everything if access.decide(actor, "deliveries", "list").is_for_all_rows else everything.none()


@transaction.atomic
def retry_delivery(*, actor: Actor, delivery: Delivery) -> Delivery:
    """Takes a dead delivery up again, with a fresh count of attempts and the same key.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
        Conflict: it is not dead, or its channel is off.
    """
    access.require(actor, "deliveries", "transition")
    changed = Delivery.objects.filter(
        pk=delivery.pk, status=DeliveryStatus.DEAD, channel__is_enabled=True, channel__deleted_at=None
    ).update(status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=clock.now(), digest_of=None)
    if not changed:
        raise Conflict("Only a dead delivery of a channel that is on can be tried again.")
    delivery.refresh_from_db()
    log_event(
        actor=actor,
        verb="delivery.retried",
        obj=delivery,
        before={"status": DeliveryStatus.DEAD},
        after={"status": DeliveryStatus.PENDING},
        data={"channel": delivery.channel.name, "notice": delivery.notice, "alert_id": delivery.alert_id},
    )
    ring(DELIVER)
    return delivery


def log_deliveries(*, actor: Actor, verb: str, ids: Sequence[int]) -> None:
    """Writes one line of the log for each of these deliveries, in one statement."""
    if not ids:
        return
    actor_id = actor.user.pk if actor.user else None
    parameters = with_clock(
        ids=list(ids), verb=verb, actor_id=actor_id, actor=actor.label[:120], request_id=actor.request_id
    )
    with connection.cursor() as cursor:
        cursor.execute(LOG_DELIVERIES, parameters)
