"""Who may open a stream: where the request comes from, which credential it carries, how many are open already."""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from tracker import logs
from tracker.access import Actor, require
from tracker.exceptions import InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from tracker.models import User
from tracker.realtime.rights import Credential, Listener, password_mark
from tracker.services.logins import find_login
from tracker.services.tokens import TOKEN_MARK, find_token
from tracker.sessions import digest_of

SUBPROTOCOL = "bearer"
LONGEST_CREDENTIAL = 4096
LONGEST_QUERY = 2048
TOKEN_NAMES = frozenset({"token", "access_token", "jwt", "auth", "authorization", "bearer", "api_key", "apikey", "key"})
LOOKS_LIKE_A_TOKEN = re.compile(r"trk_|eyJ[A-Za-z0-9_-]+\.|(?i:bearer\b)")
# Django's ORM blocks; a few threads let it, and the loop goes on.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="stream-door")


class ForeignOrigin(PermissionDenied):
    """The page that asks is not ours: the handshake is refused outright, before any credential is looked at."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a scope says of who comes."""

    request_id: str
    headers: Mapping[str, str]
    query: Mapping[str, list[str]]
    subprotocols: tuple[str, ...]
    client: str

    @classmethod
    def of_scope(cls, scope: Mapping[str, Any]) -> "Visit":
        """Reads headers and query; of a header sent twice the first counts."""
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
        raw = scope.get("query_string", b"").decode("latin-1")[: LONGEST_QUERY + 1]
        return cls(
            request_id=logs.accept_request_id(headers.get("x-request-id")),
            headers=headers,
            query=parse_qs(raw, keep_blank_values=True) if len(raw) <= LONGEST_QUERY else {"": [raw]},
            subprotocols=tuple(scope.get("subprotocols", ())),
            client=(scope.get("client") or ("",))[0] or "",
        )

    def parameter(self, name: str) -> str:
        """One query parameter; empty if absent."""
        return self.query.get(name, [""])[-1]


async def admit(visit: Visit, *, parameters: frozenset[str], needs_origin: bool) -> Listener:
    """Lets a visit in. A WebSocket opened with a cookie `needs_origin`: the same-origin policy does not guard it, and
    every browser sends one; for an ordinary GET browsers send none to their own site.

    Raises:
        ForeignOrigin: it is not ours to answer. PermissionDenied: a token in the address, or no right to listen.
        NotAuthenticated: no valid credential. InvalidInput: a parameter that is none.
    """
    _check_host(visit)
    is_own_page = _check_origin(visit) or not needs_origin
    _check_query(visit, parameters)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, _authenticate, visit, is_own_page)


def has_subprotocol_token(visit: Visit) -> bool:
    """Whether a browser sent its token as the second subprotocol, the one header it can set on a WebSocket."""
    return len(visit.subprotocols) == 2 and visit.subprotocols[0].lower() == SUBPROTOCOL


def _check_host(visit: Visit) -> None:
    domain, _ = split_domain_port(visit.headers.get("host", ""))
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise ForeignOrigin("This host is not served here.")


def _check_origin(visit: Visit) -> bool:
    """Whether the browser vouches for a page of ours; without an Origin nobody does, and a cookie is not enough."""
    origin = visit.headers.get("origin")
    if origin is None:
        if visit.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise ForeignOrigin("This origin may not connect.")
        return False
    parts = urlsplit(origin)
    is_own = parts.scheme in {"http", "https"} and parts.netloc.lower() == visit.headers.get("host", "").lower()
    if not (is_own or _is_trusted(parts.scheme, parts.netloc.lower())):
        raise ForeignOrigin("This origin may not connect.")
    return True


def _is_trusted(scheme: str, netloc: str) -> bool:
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        wanted = urlsplit(trusted)
        is_subdomain = wanted.netloc.startswith("*.") and netloc.endswith(wanted.netloc[1:].lower())
        if scheme == wanted.scheme and (netloc == wanted.netloc.lower() or is_subdomain):
            return True
    return False


def _check_query(visit: Visit, parameters: frozenset[str]) -> None:
    for name, values in visit.query.items():
        is_token_name = name.lower() in TOKEN_NAMES
        if is_token_name or any(LOOKS_LIKE_A_TOKEN.search(text) for text in (name, *values)):
            raise PermissionDenied("Never send a token in the address.")
    unknown = sorted(set(visit.query) - parameters)
    if unknown:
        raise InvalidInput.of_field(ascii(unknown[0][:40])[1:-1], "This stream takes no such parameter.")


def _authenticate(visit: Visit, is_own_page: bool) -> Listener:
    close_old_connections()
    try:
        listener = _find_listener(visit, is_own_page)
    finally:
        close_old_connections()
    require(listener.actor, "event_stream", "read")
    return listener


def _find_listener(visit: Visit, is_own_page: bool) -> Listener:
    scheme, _, credential = visit.headers.get("authorization", "").partition(" ")
    if not scheme and has_subprotocol_token(visit):
        scheme, credential = "bearer", visit.subprotocols[1]
    if scheme:
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential.isascii() or not 0 < len(credential) <= LONGEST_CREDENTIAL:
            raise NotAuthenticated("This token is not valid.")
        return _by_token(visit, credential) if credential.startswith(TOKEN_MARK) else _by_login(visit, credential)
    return _by_session(visit, is_own_page)


def _by_token(visit: Visit, credential: str) -> Listener:
    try:
        token = find_token(credential)
    except NotFound:
        raise NotAuthenticated("This token is not valid.") from None
    actor = Actor(
        user=token.owner,
        token_id=token.pk,
        scopes=frozenset(token.scopes),
        label=f"{token.owner.email} by {token.prefix}",
        request_id=visit.request_id,
    )
    return Listener(actor, Credential("token", str(token.pk)), password_mark(token.owner))


def _by_login(visit: Visit, credential: str) -> Listener:
    session = find_login(credential)
    actor = Actor.of_user(session.user, request_id=visit.request_id)
    return Listener(actor, Credential("login", str(session.pk)), password_mark(session.user))


def _by_session(visit: Visit, is_own_page: bool) -> Listener:
    try:
        cookie = SimpleCookie(visit.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        cookie = None
    if cookie is None or not cookie.value:
        raise NotAuthenticated("Log in or send a token.")
    if not is_own_page:
        raise ForeignOrigin("A session needs an Origin.")
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        raise NotAuthenticated("Log in or send a token.")
    actor = Actor.of_user(user, request_id=visit.request_id)
    return Listener(actor, Credential("session", digest_of(str(request.session.session_key))), password_mark(user))
