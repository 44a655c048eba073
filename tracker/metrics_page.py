"""/metrics: all figures, for Prometheus as text, for people and old clients as JSON."""

import contextlib
import time
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from tracker import gauges, metrics
from tracker.access import Actor, decide
from tracker.client_address import client_address
from tracker.exceptions import NotFound, PermissionDenied
from tracker.services.tokens import TOKEN_MARK, find_token


class _Families:
    """A collector of families that have been collected already."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


@never_cache
@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """The figures of all processes together. Not public: for METRICS_NETWORKS, for API tokens that may read, and for
    maintainers and admins who are logged in."""
    if not _may_read(request):
        error = PermissionDenied("Ask from a network of METRICS_NETWORKS, or with a token of the scope read.")
        return JsonResponse(error.as_document(getattr(request, "request_id", "")), status=error.status)
    own = list(metrics.registry().collect())
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(_summary(own))
    # The process's own figures are worth most when the database is away.
    with contextlib.suppress(DatabaseError):
        own.extend(gauges.collect_gauges())
    registry = CollectorRegistry()
    registry.register(_Families(own))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _summary(families: list[Metric]) -> dict[str, object]:
    # Unknown is not none: without the database a number would look like a fall.
    totals: dict[str, int | None] = dict.fromkeys(("incidents_created",))
    with contextlib.suppress(DatabaseError):
        totals.update(gauges.totals())
    uptime, requests = max(time.time() - metrics.started_at(families), 0.001), metrics.total_requests(families)
    return {
        "status": "ok",
        "uptime_seconds": round(uptime, 1),
        "total_requests": requests,
        "requests_per_second": round(requests / uptime, 3),
        **totals,
    }


def _may_read(request: HttpRequest) -> bool:
    if _is_near(request):
        return True
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential.startswith(TOKEN_MARK):
        try:
            return "read" in find_token(credential.strip()).scopes
        except NotFound:
            return False
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return decide(Actor.of_user(request.user), "daily_stats", "read").is_allowed


def _is_near(request: HttpRequest) -> bool:
    """Whether whoever asks sits in one of METRICS_NETWORKS. What came through a proxy counts by the address that a
    trusted proxy vouches for: behind an unknown one everybody would be loopback."""
    address = client_address(request)
    came_through_proxy = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"))
    if not address or (came_through_proxy and address == request.META.get("REMOTE_ADDR")):
        return False
    return any(ip_address(address) in network for network in settings.METRICS_NETWORKS)
