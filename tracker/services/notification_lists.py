"""What one person was told: their list, and what of it they have read. Reading is no event: it changes nothing for
anybody else."""

from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from tracker import access, clock
from tracker.access import Actor
from tracker.models import Notification
from tracker.subjects import all_subjects

# The bell says "99+" beyond; nothing more is counted.
MOST_COUNTED = 99


def visible_notifications(actor: Actor, action: str = "list") -> QuerySet[Notification]:
    """The one rule of what an actor was told: their own lines, but those about what they may not see any more."""
    if not access.may(actor, "notifications", action) or actor.user is None or actor.token_id is not None:
        return Notification.objects.none()
    own = Notification.objects.filter(recipient=actor.user, is_listed=True)
    hidden = [subject for subject in all_subjects().values() if not subject.sees_all(actor)]
    if not hidden:
        return own
    seen = ~Q(object_type__in=[subject.object_type for subject in hidden])
    for subject in hidden:
        keys = subject.visible(actor).values_list(Cast("pk", CharField()), flat=True)
        seen |= Q(object_type=subject.object_type, object_id__in=keys)
    return own.filter(seen)


def count_unread(actor: Actor) -> int:
    """How many lines wait to be read, at most MOST_COUNTED + 1."""
    unread = visible_notifications(actor).filter(read_at=None).order_by()
    return unread.values("pk")[: MOST_COUNTED + 1].count()


def mark_read(*, actor: Actor, notification: Notification) -> Notification:
    """Notes that its recipient has seen a line; the first time counts.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, notifications.transition.
    """
    access.require(actor, "notifications", "transition")
    _mark(visible_notifications(actor, "transition").filter(pk=notification.pk))
    notification.refresh_from_db(fields=["read_at"])
    return notification


def mark_all_read(*, actor: Actor) -> int:
    """Notes that the actor has seen all of their lines; how many were new."""
    access.require(actor, "notifications", "transition")
    return _mark(visible_notifications(actor, "transition"))


def _mark(rows: QuerySet[Notification]) -> int:
    return rows.filter(read_at=None).update(read_at=clock.now())
