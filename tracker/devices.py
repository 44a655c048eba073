"""The cookie that a device keeps after a login: it opens nothing, it only has login attempts counted apart."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tracker.models import User

COOKIE = "tracker_device"
LIFETIME = timedelta(days=365)
_SALT = "tracker.device"


def known_device_of(request: HttpRequest) -> int | None:
    """The id of the person who has logged in on this device before."""
    try:
        value = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return value if isinstance(value, int) else None


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Sets the cookie on the answer to a successful login."""
    response.set_cookie(
        COOKIE,
        signing.dumps(user.pk, salt=_SALT),
        max_age=LIFETIME,
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
    )
