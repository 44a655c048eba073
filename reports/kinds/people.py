"""What people were called at a past moment, so that a report of then says the same for ever."""

from collections.abc import Collection
from datetime import datetime

from tracker.models import Event, User


def name_people(ids: Collection[int], as_of: datetime) -> dict[int, str]:
    """The e-mail address of each at that moment; who is gone since is named by number."""
    names = dict(User.objects.filter(pk__in=ids).values_list("pk", "email"))
    renamed = Event.objects.filter(
        object_type="user", object_id__in=[str(pk) for pk in ids], at__gt=as_of, before__has_key="email"
    )
    # The oldest of what was said since tells what held before.
    for object_id, email in renamed.order_by("-id").values_list("object_id", "before__email"):
        names[int(object_id)] = str(email)
    return {pk: names.get(pk, f"#{pk}") for pk in ids}
