"""Keeps what only pages need away from the API's path: static files, the content policy, sessions, messages.

A machine's request has no session and its answer is JSON, whose content policy the API sets itself. REST framework
checks CSRF where a session speaks. Together these middlewares cost a cheap request as much as its view.
"""

from typing import Any

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from whitenoise.middleware import WhiteNoiseMiddleware

API = "/v1/"


def is_from_a_machine(request: HttpRequest) -> bool:
    """Whether a request is for the API, without a session, by somebody who does not want to see a page."""
    return (
        request.path_info.startswith(API)
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "html" not in request.META.get("HTTP_ACCEPT", "")
    )


class PagesOnly:
    """Lets requests of machines pass by the middleware that it is mixed into."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        """Past the middleware, or through it."""
        if is_from_a_machine(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class StaticFilesMiddleware(PagesOnly, WhiteNoiseMiddleware):
    """WhiteNoise."""


class ContentPolicyMiddleware(PagesOnly, CSPMiddleware):
    """django-csp."""


class PageSessionMiddleware(PagesOnly, SessionMiddleware):
    """Django's sessions."""


class PageAuthenticationMiddleware(PagesOnly, AuthenticationMiddleware):
    """Django's `request.user`."""


class PageMessageMiddleware(PagesOnly, MessageMiddleware):
    """Django's messages."""
