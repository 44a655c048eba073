"""How the portal answers: pages that nobody caches, refusals as pages, and machines by the API itself."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.exceptions import APIException

from tracker.api.errors import to_domain_error
from tracker.api.fallbacks import answer_error
from tracker.exceptions import DomainError

View = Callable[..., HttpResponseBase]


def portal_page(*methods: str) -> Callable[[View], View]:
    """A page of the portal: kept by no cache, its refusals shown as pages.

    Django's own CSRF check would read a whole upload for its token; pages that take a form check it themselves.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @never_cache
        @require_http_methods([*methods])
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except (DomainError, APIException) as error:
                return answer_error(request, to_domain_error(error))

        return answer

    return decorate


def show(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page. It is rendered at once: what it asks the database belongs to this request."""
    return TemplateResponse(request, f"incidents/portal/{template}", context, status=status).render()


def speaks_json(request: HttpRequest) -> bool:
    """Whether a request sends, or wants, JSON."""
    accepts = request.headers.get("Accept", "")
    return request.content_type == "application/json" or ("application/json" in accepts and "html" not in accepts)


def answer_as_api(request: HttpRequest, path: str) -> HttpResponseBase:
    """What the API answers at `path`, with its own rights, limits and CSRF check."""
    match = resolve(path)
    answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return answer
