"""The outermost middleware: a request id in and out, one access line and one measurement per request."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from tracker import logs, metrics

PROBE_PATHS = frozenset({"/health", "/healthz", "/metrics"})
logger = logging.getLogger("tracker.access")


class RequestLogMiddleware:
    """Stands first in MIDDLEWARE, so that refusals of every other middleware are logged and counted too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answers with X-Request-ID set; the same id stands in each log line written on the way."""
        request_id = logs.accept_request_id(request.headers.get(logs.REQUEST_ID_HEADER))
        started = time.perf_counter()
        request.request_id = request_id  # type: ignore[attr-defined]
        with logs.context(request_id=request_id):
            response = self.get_response(request)
            response.headers[logs.REQUEST_ID_HEADER] = request_id
            _log_request(request, response.status_code, time.perf_counter() - started)
        return response


def name_operation(request: HttpRequest) -> str:
    """The view that answered, by its name; known once the address was resolved."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else "unmatched"


def _log_request(request: HttpRequest, status: int, seconds: float) -> None:
    match, operation = request.resolver_match, name_operation(request)
    is_probe = request.path in PROBE_PATHS
    if not is_probe:
        metrics.observe_request(view=operation, method=request.method or "", status=status, seconds=seconds)
    level = logging.ERROR if status >= 500 else logging.DEBUG if is_probe and status < 400 else logging.INFO
    if not logger.isEnabledFor(level):
        return
    fields = {
        "operation": operation,
        "method": request.method,
        # The path alone: a query may hold what should not be kept, and so may the path of a link from a letter.
        "path": match.route if match and "token" in match.kwargs else request.path[:300],
        "status": status,
        "latency_ms": round(seconds * 1000, 1),
        "client": request.META.get("REMOTE_ADDR", ""),
    }
    ticket_id = match.kwargs.get("external_id") if match else None
    if ticket_id is not None:
        fields["ticket_id"] = ticket_id
    logger.log(level, "request", extra=fields)
