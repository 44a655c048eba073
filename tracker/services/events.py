"""The one way to write the log."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from tracker import clock
from tracker.access import Actor
from tracker.models import Event
from tracker.realtime import ring_stream


def log_event(
    *,
    actor: Actor,
    verb: str,
    obj: Model | None = None,
    object_type: str = "",
    object_id: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Event:
    """Writes one line in the transaction of the change it tells of; name the object, or its type and id."""
    if obj is not None:
        object_type, object_id = object_type or obj._meta.model_name or "", object_id or str(obj.pk)
    event = Event.objects.create(
        at=at or clock.now(),
        verb=verb,
        actor=actor.user,
        actor_label=actor.label[:120],
        request_id=actor.request_id,
        object_type=object_type,
        object_id=object_id,
        before=before,
        after=after,
        data=data or {},
    )
    ring_stream()
    return event
