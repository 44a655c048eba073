"""Django's way in (the admin's login form), with the same counted check as the API's."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from tracker.client_address import counted_address
from tracker.devices import known_device_of
from tracker.exceptions import NotAuthenticated, Throttled
from tracker.models import User
from tracker.services.passwords import check_credentials


class CountedPasswordBackend(ModelBackend):
    """E-mail and password; at most ten attempts in a quarter of an hour."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **extra: Any
    ) -> User | None:
        """The person, or None. Leaves `login_retry_after_seconds` on the request where there were too many attempts."""
        if not username or password is None:
            return None
        address = counted_address(request) if request is not None else ""
        device = known_device_of(request) if request is not None else None
        try:
            return check_credentials(email=username, password=password, address=address, known_device_of=device)
        except NotAuthenticated:
            return None
        except Throttled as error:
            if request is not None:
                request.login_retry_after_seconds = error.retry_after_seconds  # type: ignore[attr-defined]
            raise PermissionDenied from None
