"""Who sits before the back office, and what the rights table lets them do to the rows of a page."""

from typing import ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from tracker.access import Actor, Decision, decide
from tracker.models import User

M = TypeVar("M", bound=Model)


def actor_of(request: HttpRequest) -> Actor:
    """Who sits before the screen."""
    return Actor.of_user(request.user, request_id=getattr(request, "request_id", ""))


class RightsAdmin(admin.ModelAdmin[M]):
    """Names its `resource` in the rights table, and the field that says whose a row is where that matters."""

    resource: ClassVar[str]
    owner_field: ClassVar[str] = ""

    def decision(self, request: HttpRequest, action: str) -> Decision:
        """The cell of the rights table for whoever asks."""
        return decide(actor_of(request), self.resource, action)

    def is_allowed(self, request: HttpRequest, action: str, obj: M | None = None) -> bool:
        """Whether `action` may be done, to `obj` where one is given."""
        decision = self.decision(request, action)
        if obj is None or not decision.is_allowed or decision.code != "O":
            return decision.is_allowed
        return self.owns(request, obj)

    def owns(self, request: HttpRequest, obj: M) -> bool:
        """Whether `obj` belongs to whoever asks."""
        owner = obj.pk if isinstance(obj, User) else getattr(obj, f"{self.owner_field}_id", None)
        return owner is not None and owner == request.user.pk
