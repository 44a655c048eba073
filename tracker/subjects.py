"""What people can be told of. A package declares its objects here: who may see them, and where they are shown.

The registry keeps people's notifications without knowing what they are about; this is how it leaves out what their
reader may not see (any more), by the same rule as every other surface.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from tracker.access import Actor, decide
from tracker.row_ids import read_row_id


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of object. `visible(actor)` is its visibility rule, `resource` its row of the rights table."""

    object_type: str
    resource: str
    visible: Callable[[Actor], QuerySet[Any]]
    page: str
    address: str

    def sees_all(self, actor: Actor) -> bool:
        """Whether no object of this kind is out of the actor's reach."""
        return decide(actor, self.resource, "read").is_for_all_rows

    def link(self, actor: Actor, object_id: str) -> str:
        """Where the actor looks at an object: its page in the back office, or its address in the API."""
        is_inside = actor.user is not None and actor.user.is_staff
        return (self.page if is_inside else self.address).format(id=object_id)


_subjects: dict[str, Subject] = {}


def declare(*subjects: Subject) -> None:
    """Adds kinds of object; declaring one again replaces it."""
    _subjects.update({subject.object_type: subject for subject in subjects})


def all_subjects() -> Mapping[str, Subject]:
    """Every kind, by the name that events and notifications use."""
    return _subjects


def find_seen(actor: Actor, objects: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these (type, id) exist and may be seen by the actor; what is about no object always may."""
    wanted = set(objects)
    seen: set[tuple[str, str]] = {pair for pair in wanted if not pair[0]}
    for subject in _subjects.values():
        ids = [pk for kind, key in wanted if kind == subject.object_type and (pk := read_row_id(key)) is not None]
        found = subject.visible(actor).filter(pk__in=ids).values_list("pk", flat=True) if ids else ()
        seen |= {(subject.object_type, str(pk)) for pk in found}
    return seen
