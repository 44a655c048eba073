"""Times as the reader's clock shows them."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tracker.models import User

Answer = Callable[[HttpRequest], HttpResponse]
PAGES = ("/admin/", "/incidents")


def use_reader_timezone(get_response: Answer) -> Answer:
    """Middleware: renders pages for people in their own time zone; the API speaks UTC and is left alone."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PAGES) or not isinstance(request.user, User):
            return get_response(request)
        with timezone.override(ZoneInfo(request.user.timezone)):
            return get_response(request)

    return respond
