"""Pages of the back office that are no table's: they stand in the menu beside those that are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from tracker.access import may
from tracker.admin.rights import actor_of


@dataclass(frozen=True, slots=True)
class SitePage:
    """One page at /admin/NAME/, for whoever may read `resource`; `menu` is the group and the place in it."""

    name: str
    title: str
    resource: str
    menu: tuple[str, int]
    view: Callable[[HttpRequest], HttpResponse]

    def to_url(self, wrap: Callable[[Any], Any]) -> URLPattern:
        """Its address."""
        return path(f"{self.name}/", wrap(self.view), name=self.name)

    def is_shown_to(self, request: HttpRequest) -> bool:
        """Whether the menu shows it."""
        return may(actor_of(request), self.resource, "read")

    def to_entry(self) -> dict[str, Any]:
        """Its line of the menu, as Django makes them of tables."""
        return {
            "model": None,
            "name": self.title,
            "object_name": self.name,
            "perms": {"add": False, "change": False, "delete": False, "view": True},
            "admin_url": reverse(f"admin:{self.name}"),
            "add_url": None,
            "view_only": True,
        }
