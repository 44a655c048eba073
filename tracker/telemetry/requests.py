"""Each request as the beginning of a trace. In the list of middleware only where traces are collected."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from tracker import logs
from tracker.metrics import METHODS
from tracker.request_log import PROBE_PATHS, name_operation
from tracker.telemetry import span


class TraceMiddleware:
    """Stands inside the request log. A traceparent that came along is a link and no parent: whoever calls does not
    choose our traces' ids, nor whether they are kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answers inside a span that tells the view, the method and the status: no address, no query, no person."""
        if request.path in PROBE_PATHS:
            return self.get_response(request)
        method = request.method if request.method in METHODS else "OTHER"
        with span(f"{method}", kind="server", links=[request.headers.get("traceparent", "")]) as work:
            response = self.get_response(request)
            match, operation = request.resolver_match, name_operation(request)
            work.describe(
                f"{method} {operation}",
                {
                    "http.request.method": str(method),
                    "http.route": match.route if match else "",
                    "http.response.status_code": response.status_code,
                    "tracker.request_id": logs.current_request_id(),
                },
            )
            if response.status_code >= 500:
                work.fail()
            return response
