"""Where people go once it is known who they are: staff to the back office, everybody else to the reporters' portal."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tracker.models import User


def home_of(user: User) -> str:
    """The first page of this person."""
    return reverse("admin:index" if user.is_staff else "portal_reports")


def next_or_home(request: HttpRequest, next_url: str, user: User) -> str:
    """Where the person wanted to go, as long as that is here; else their first page."""
    is_ours = url_has_allowed_host_and_scheme(
        next_url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return next_url if is_ours else home_of(user)


def lead_home(request: HttpRequest) -> HttpResponse:
    """The bare address. Strangers find the portal where they may report; else only staff and its log-in are left."""
    if isinstance(request.user, User):
        return HttpResponseRedirect(home_of(request.user))
    return HttpResponseRedirect(reverse("portal_reports" if settings.INCIDENT_PORTAL_ANONYMOUS else "admin:index"))
