"""Rights of the API: the view names a row of access.yaml, its action a column, and the cell decides."""

from typing import Any, Protocol

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tracker import access
from tracker.api.authentication import actor_of
from tracker.exceptions import NotAuthenticated

COLUMN_OF_ACTION = {
    "list": "list",
    "retrieve": "read",
    "create": "create",
    "update": "update",
    "partial_update": "update",
    "destroy": "delete",
}
COLUMN_OF_METHOD = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


class AccessView(Protocol):
    """What the permission needs to know of a view."""

    resource: str | None
    access: str | dict[str, str] | None
    is_public: bool


def column_of(view: Any, method: str) -> str:
    """The column of the rights table that this method of the view falls under."""
    spelled: str | dict[str, str] | None = view.access
    if isinstance(spelled, dict):
        return spelled.get(method.lower(), "read" if method in ("GET", "HEAD", "OPTIONS") else "update")
    if spelled:
        return spelled
    action = getattr(view, "action", None)
    if action in COLUMN_OF_ACTION:
        return COLUMN_OF_ACTION[action]
    is_detail = bool(getattr(view, "detail", False))
    return COLUMN_OF_METHOD.get(method, "read" if is_detail else "list")


class AccessPermission(BasePermission):
    """Asks the rights table before any object is looked up, so that a 403 tells nothing about ids."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or a refusal.

        Raises:
            NotAuthenticated: nobody speaks.
            PermissionDenied: the table says no, naming the scope that a token misses.
            MethodNotAllowed: the table knows no such operation (X).
        """
        if view.is_public:
            return True
        actor, method = actor_of(request), request.method or "GET"
        if view.resource is None:
            raise RuntimeError(f"{type(view).__name__} names no row of access.yaml.")
        column = column_of(view, method)
        decision = access.decide(actor, view.resource, column)
        if decision.code == "U":
            raise NotAuthenticated("Log in or send a token.")
        if decision.code == "X":
            raise MethodNotAllowed(method)
        access.require(actor, view.resource, column)
        return True
