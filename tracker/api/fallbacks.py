"""Answers to what never reaches a view: unknown addresses, broken requests, missing CSRF tokens, crashes.

Machines get the API's shape; pages that people look at get a plain page. Neither tells a trace or a version.
"""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tracker.api.errors import error_headers, request_id_of, to_domain_error
from tracker.api.renderers import NOTHING_IS_LOADED, to_json
from tracker.exceptions import DomainError, InvalidInput, NotFound, PermissionDenied

PAGES = ("/admin/", "/account/", "/incidents", "/static/")


def answer_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The refusal in the form that fits the address."""
    request_id = request_id_of(request)
    if _is_for_people(request):
        page = render(request, "error.html", {"error": error, "request_id": request_id}, status=error.status)
        for name, value in error_headers(error).items():
            page[name] = value
        return page
    body = to_json(error.as_document(request_id))
    headers = {
        **error_headers(error),
        "Cache-Control": "no-store, private",
        "Content-Security-Policy": NOTHING_IS_LOADED,
    }
    return HttpResponse(body, status=error.status, content_type="application/json", headers=headers)


def _is_for_people(request: HttpRequest) -> bool:
    accepts = request.headers.get("Accept", "")
    wants_json = "application/json" in accepts and "html" not in accepts
    return (request.path.startswith(PAGES) or request.path == "/admin") and not wants_json


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: also an unknown Host, and a body over Django's own limit."""
    error = to_domain_error(exception)
    return answer_error(request, error if error.status < 500 else InvalidInput("The request is malformed."))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return answer_error(request, PermissionDenied("You may not do this."))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return answer_error(request, NotFound.unseen())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: the log has the trace, this has none. A database that is away is a 503."""
    # Django calls this while it handles what was raised.
    raised = sys.exception()
    return answer_error(request, to_domain_error(raised if isinstance(raised, Exception) else RuntimeError()))


def refuse_csrf(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return answer_error(request, PermissionDenied("The CSRF token is missing or wrong. Reload the page and repeat."))
