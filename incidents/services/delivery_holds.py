"""After a restore nothing is sent until somebody says so: the database does not know what went out since its backup."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from incidents.models import DeliveryHold
from incidents.services.deliveries import log_deliveries, with_clock
from incidents.services.delivery_statements import CANCEL_HELD, COUNT_HELD, FREE_LEASES
from incidents.tasks import DELIVER, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict
from tracker.services.events import log_event


@dataclass(frozen=True, slots=True)
class Held:
    """What waits behind a hold: how many, how many of them were tried before the backup, and what they tell of."""

    hold: DeliveryHold
    count: int
    tried: int
    first_at: datetime | None
    last_at: datetime | None


def find_hold() -> DeliveryHold | None:
    """The open hold, if there is one."""
    return DeliveryHold.objects.filter(released_at=None).first()


def describe_hold() -> Held | None:
    """What the open hold keeps back."""
    hold = find_hold()
    if hold is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(COUNT_HELD, with_clock())
        return Held(hold, *cursor.fetchone())


@transaction.atomic
def hold_deliveries(*, actor: Actor, backup_made_at: datetime) -> int:
    """Lets nothing more go out, and frees what was under way at the moment of the backup; answers how much waits.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
    """
    access.require(actor, "deliveries", "transition")
    now = clock.now()
    hold, is_new = DeliveryHold.objects.get_or_create(
        released_at=None, defaults={"began_at": now, "backup_made_at": backup_made_at}
    )
    with connection.cursor() as cursor:
        cursor.execute(FREE_LEASES, {"now": now})
    held = describe_hold()
    count = held.count if held else 0
    if is_new:
        log_event(actor=actor, verb="delivery.held", obj=hold, data={"waiting": count, "made_at": backup_made_at})
    return count


@transaction.atomic
def release_deliveries(*, actor: Actor, cancel_before: datetime | None = None) -> DeliveryHold:
    """Lets deliveries go out again, but for those that tell of something before `cancel_before`: those had been told
    before the database was lost.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
        Conflict: nothing is held.
    """
    access.require(actor, "deliveries", "transition")
    now, by = clock.now(), actor.label[:120]
    hold = DeliveryHold.objects.select_for_update().filter(released_at=None).first()
    if hold is None:
        raise Conflict("No deliveries are held.")
    ids: list[int] = []
    if cancel_before is not None:
        with connection.cursor() as cursor:
            cursor.execute(CANCEL_HELD, with_clock(before=cancel_before))
            ids = [row[0] for row in cursor.fetchall()]
        log_deliveries(actor=actor, verb="delivery.cancelled", ids=ids)
    hold.released_at, hold.released_by, hold.cancelled = now, by, len(ids)
    hold.save()
    data = {"cancelled": len(ids), "cancel_before": cancel_before}
    log_event(actor=actor, verb="delivery.released", obj=hold, data=data)
    ring(DELIVER)
    return hold
