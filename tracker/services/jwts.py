"""Signed tokens of a login: what is in them, and the one way to read them."""

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Literal

import jwt
from django.conf import settings

from tracker import clock
from tracker.exceptions import NotAuthenticated

ALGORITHM = "HS256"
ISSUER = AUDIENCE = "tracker"
REQUIRED_CLAIMS = ["sub", "sid", "jti", "typ", "iat", "exp", "iss", "aud"]
Kind = Literal["access", "refresh"]
_decoder = jwt.PyJWT()


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    user_id: int
    session_id: uuid.UUID
    token_id: uuid.UUID


@cache
def _signing_key(secret_key: str) -> bytes:
    # Derived, so that a leak of this key does not open sessions, cookies and reset links too.
    return hmac.digest(secret_key.encode(), b"tracker.jwt.v1", hashlib.sha256)


def sign(*, kind: Kind, user_id: int, session_id: uuid.UUID, token_id: uuid.UUID, expires_at: datetime) -> str:
    """A token for one use: `access` opens the API, `refresh` buys the next pair."""
    claims = {
        "typ": kind,
        "sub": str(user_id),
        "sid": str(session_id),
        "jti": str(token_id),
        "iat": int(clock.now().timestamp()),
        "exp": int(expires_at.timestamp()),
        "iss": ISSUER,
        "aud": AUDIENCE,
    }
    return jwt.encode(claims, _signing_key(settings.SECRET_KEY), algorithm=ALGORITHM)


@lru_cache(maxsize=2048)
def _verify(token: str, key: bytes) -> Mapping[str, Any]:
    # Whether a signature fits never changes, so each token is computed once; failures raise and are not kept.
    claims: dict[str, Any] = _decoder.decode(
        token,
        key,
        algorithms=[ALGORITHM],
        audience=AUDIENCE,
        issuer=ISSUER,
        # The expiry is compared with Tracker's own clock, at each use.
        options={"require": REQUIRED_CLAIMS, "verify_exp": False, "verify_iat": False},
    )
    return MappingProxyType(claims)


def read(token: str, *, kind: Kind) -> Claims:
    """What a token says, if it is ours, of this kind and not yet expired.

    Raises:
        NotAuthenticated: it is not; the message does not say why.
    """
    try:
        claims = _verify(token, _signing_key(settings.SECRET_KEY))
        if claims["typ"] != kind or claims["exp"] <= clock.now().timestamp():
            raise ValueError(kind)
        return Claims(int(claims["sub"]), uuid.UUID(claims["sid"]), uuid.UUID(claims["jti"]))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise NotAuthenticated("This token is not valid.") from None
