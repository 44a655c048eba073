"""The page System: which release runs where, what waits, what fails, and what to do about it."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache

from tracker import clock
from tracker.access import may
from tracker.admin.live import read_live_cursor
from tracker.admin.rights import actor_of
from tracker.admin.site import TrackerAdminSite
from tracker.admin.site_pages import SitePage
from tracker.services.system import TROUBLED, read_system

TEMPLATE = "admin/tracker/system/page.html"
# What people do to the machinery; all else is found by looking again.
LIVE_TYPES = "schedule,channel"
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


@never_cache
def system_page(request: HttpRequest) -> HttpResponse:
    """Every section as it is now."""
    actor = actor_of(request)
    if request.method not in ("GET", "HEAD") or not may(actor, "system", "read"):
        raise PermissionDenied
    cursor = read_live_cursor()
    shown = read_system(actor=actor)
    context = {
        **site.each_context(request),
        "title": "System",
        "sections": shown,
        "worst": [one for tone in TROUBLED for one in shown if one.tone is tone],
        "live_types": LIVE_TYPES,
        "live_cursor": cursor,
        "shown_at": clock.now(),
    }
    return TemplateResponse(request, TEMPLATE, context)


site.add_page(SitePage("system", "System", "system", ("Operation", 0), system_page))
