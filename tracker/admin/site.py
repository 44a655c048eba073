"""The back office as a whole: its name, its menu and its first page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template.response import TemplateResponse

from tracker.admin.base import AccessAdmin

MENU = ("Work", "Delivery", "SLA", "People", "System")


@dataclass(frozen=True, slots=True)
class Panel:
    """One box of the first page. `template` gets `context` as `panel`; low `position` comes first."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    position: int = 50
    is_wide: bool = False


PanelBuilder = Callable[[HttpRequest], Panel | None]


class TrackerAdminSite(AdminSite):
    """Django's admin in Tracker's clothes."""

    site_title = site_header = "Tracker"
    index_title = "Dashboard"
    site_url = None
    empty_value_display = "–"
    index_template = "admin/dashboard.html"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._panels: list[PanelBuilder] = []

    def add_panel(self, build: PanelBuilder) -> PanelBuilder:
        """Puts a box on the first page; the builder answers None where the reader may not see it."""
        self._panels.append(build)
        return build

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page: what needs somebody now."""
        shown = [panel for build in self._panels if (panel := build(request))]
        panels = sorted(shown, key=lambda panel: panel.position)
        return super().index(request, {"panels": panels, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The menu by what people do, not by which package a table lives in."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        groups: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in MENU}
        for model in (model for app in apps for model in app["models"]):
            page = self._registry[model["model"]]
            name, position = page.menu if isinstance(page, AccessAdmin) else ("System", 99)
            groups[name].append((position, model))
        return [
            {
                "name": name,
                "app_label": name.lower(),
                "app_url": "",
                "has_module_perms": True,
                "models": [model for _, model in sorted(members, key=lambda member: member[0])],
            }
            for name, members in groups.items()
            if members
        ]
