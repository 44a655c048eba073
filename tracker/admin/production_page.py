"""The page of what a factory made: chart, table, and a form to append points."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from tracker.access import may
from tracker.admin.production_forms import PointsForm
from tracker.admin.rights import actor_of
from tracker.admin.row_pages import RowPages
from tracker.charts.production import draw_production
from tracker.exceptions import DomainError, InvalidInput
from tracker.models import Factory
from tracker.periods import read_period
from tracker.production import Point, plain_number
from tracker.services.production import append_points, read_series_of

SHOWN_ROWS = 200
CHARTED_POINTS = 1_000
TEMPLATE = "admin/tracker/factory/production.html"


class ProductionPages(RowPages[Factory]):
    """What the page of a factory needs to show its production."""

    def production_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Chart and table of a period; a POST appends."""
        if request.method not in ("GET", "HEAD", "POST") or not self.is_allowed(request, "read"):
            raise PermissionDenied
        factory = self.get_object(request, object_id)
        if factory is None:
            messages.warning(request, "There is no such factory.")
            return HttpResponseRedirect(self.list_url())
        form = PointsForm(request.POST or None) if may(actor_of(request), "production", "create") else None
        if request.method == "POST":
            if form is None:
                raise PermissionDenied
            if form.is_valid() and self._append(request, factory, form):
                return HttpResponseRedirect(reverse("admin:tracker_factory_production", args=[factory.pk]))
        context = {"title": f"Production of {factory}", "form": form, **_show_period(request, factory)}
        return self.render_page(request, factory, TEMPLATE, context)

    def _append(self, request: HttpRequest, factory: Factory, form: PointsForm) -> bool:
        try:
            points = form.read_points(factory.timezone)
            appended = append_points(actor=actor_of(request), factory=factory, points=points)
        except DomainError as error:
            form.add_error("points", _tell_refusal(error))
            return False
        known = f" {appended.unchanged:,} were known." if appended.unchanged else ""
        messages.success(request, f"{appended.added:,} points were appended.{known}")
        return True


def show_last(request: HttpRequest, factory: Factory) -> dict[str, Any]:
    """The chart of the last points for the page of a factory."""
    points = read_series_of(actor=actor_of(request), factory=factory, most=CHARTED_POINTS)
    return {
        "chart": draw_production(factory.name, factory.timezone, points),
        "told": tell_points(points, factory),
        "may_append": may(actor_of(request), "production", "create"),
    }


def tell_points(points: Sequence[Point], factory: Factory) -> str:
    """How many, and how much of what was to be made was made."""
    if not points:
        return ""
    goal, actual = sum(point.goal for point in points), sum(point.actual for point in points)
    share = f" {actual / goal:.1%} of the goal was made." if goal > 0 else ""
    which = (
        f"The last {len(points):,} of {factory.points_count:,}"
        if len(points) < factory.points_count
        else f"{len(points):,}"
    )
    return f"{which} points.{share}"


def _show_period(request: HttpRequest, factory: Factory) -> dict[str, Any]:
    asked = {name: request.GET.get(name, "")[:40] for name in ("from", "to")}
    zone = ZoneInfo(factory.timezone)
    try:
        first, last = read_period(asked, zone)
    except InvalidInput as error:
        return {"asked": asked, "refusal": error}
    points = read_series_of(actor=actor_of(request), factory=factory, first=first, last=last)
    return {
        "asked": asked,
        "total": len(points),
        "chart": draw_production(factory.name, factory.timezone, points),
        "told": tell_points(points, factory),
        "rows": [_tell_row(point, zone) for point in reversed(points[-SHOWN_ROWS:])],
    }


def _tell_row(point: Point, zone: ZoneInfo) -> tuple[str, str, str, str]:
    share = f"{point.actual / point.goal:.1%}" if point.goal > 0 else "–"
    moment = point.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return moment, f"{plain_number(point.actual):,}", f"{plain_number(point.goal):,}", share


def _tell_refusal(error: DomainError) -> str:
    detail = error.details[0] if error.details else None
    if detail is None or detail.index is None:
        return error.message
    return f"Point {detail.index + 1}: {detail.message}"
