"""Who speaks: a bearer (JWT or API token, one query each) or a browser's session with CSRF protection."""

from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework import authentication
from rest_framework.request import Request

from tracker.access import Actor
from tracker.api.errors import AUTHENTICATE, request_id_of
from tracker.api.parsers import is_form
from tracker.exceptions import NotAuthenticated, NotFound
from tracker.models import ApiToken, LoginSession, User
from tracker.services.logins import find_login
from tracker.services.tokens import TOKEN_MARK, find_token

LONGEST_CREDENTIAL = 4096


class BearerAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer …` with an API token (`trk_…`) or the access token of a login."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | LoginSession] | None:
        """The person and the credential; None where no bearer is sent.

        Raises:
            NotAuthenticated: it is sent and not valid.
        """
        scheme, _, credential = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        credential = credential.strip()
        if not credential or len(credential) > LONGEST_CREDENTIAL or not credential.isascii():
            raise NotAuthenticated("This token is not valid.")
        return self._by_token(request, credential) if credential.startswith(TOKEN_MARK) else self._by_login(
            request, credential
        )  # fmt: skip

    def authenticate_header(self, request: Request) -> str:
        """What a 401 offers."""
        return AUTHENTICATE

    def _by_token(self, request: Request, credential: str) -> tuple[User, ApiToken]:
        try:
            token = find_token(credential)
        except NotFound:
            raise NotAuthenticated("This token is not valid.") from None
        _set_actor(request, actor_of_token(token, request_id=request_id_of(request)))
        return token.owner, token

    def _by_login(self, request: Request, credential: str) -> tuple[User, LoginSession]:
        session = find_login(credential)
        _set_actor(request, Actor.of_user(session.user, request_id=request_id_of(request)))
        return session.user, session


class SessionAuthentication(authentication.SessionAuthentication):
    """Django's session; every unsafe method needs the CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """The logged-in person; without a session cookie the session store is not even touched."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        if is_form(request) and not hasattr(request._request, "_post"):
            # The CSRF check would look for its token in the form, and read a whole upload for it.
            request._request._post, request._request._files = QueryDict(), MultiValueDict()  # type: ignore[attr-defined]
        found = super().authenticate(request)
        if found is not None:
            _set_actor(request, Actor.of_user(found[0], request_id=request_id_of(request)))
        return found

    def enforce_csrf(self, request: Request) -> None:
        """Asks Django's own request: REST framework's would parse the body on the way to the token."""
        super().enforce_csrf(request._request)  # type: ignore[arg-type]

    def authenticate_header(self, request: Request) -> str:
        """What a 401 offers."""
        return AUTHENTICATE


def actor_of_token(token: ApiToken, *, request_id: str = "") -> Actor:
    """A token acts in its owner's name, with its scopes and no right beyond them."""
    return Actor(
        user=token.owner,
        token_id=token.pk,
        scopes=frozenset(token.scopes),
        label=f"{token.owner.email} by {token.prefix}",
        request_id=request_id,
    )


def actor_of(request: Any) -> Actor:
    """Whoever speaks in this request, once it has been authenticated."""
    inner = getattr(request, "_request", request)
    actor: Actor | None = getattr(inner, "actor", None)
    return actor if actor is not None else Actor(request_id=request_id_of(inner))


def _set_actor(request: Request, actor: Actor) -> None:
    request._request.actor = actor  # type: ignore[attr-defined]
