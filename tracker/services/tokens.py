"""API tokens: issued once in the clear, kept as a digest, checked with one query, revoked for good."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from tracker import clock
from tracker.access import Actor, decide
from tracker.choices import Scope
from tracker.exceptions import InvalidInput, NotFound
from tracker.models import ApiToken, User
from tracker.quick_rows import JoinedRow
from tracker.services.events import log_event
from tracker.texts import is_storable

TOKEN_MARK = "trk_"  # noqa: S105 - what every token starts with, so that secret scanners and our own parser know it
MAX_NAME_CHARACTERS = 80
LAST_USE_RESOLUTION = timedelta(minutes=1)
_tokens = JoinedRow(ApiToken, key="prefix", relation="owner")


def digest_of(secret: str) -> bytes:
    """What is stored of a secret. It has 256 random bits, so one round of SHA-256 cannot be searched."""
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def issue_token(
    *, actor: Actor, owner: User, name: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its plaintext, which exists nowhere else.

    Raises:
        InvalidInput: no scope or an unknown one, no name, or an expiry that has passed.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in Scope.values]
    if unknown or not wanted:
        raise InvalidInput.of_field("scopes", f"Choose at least one of: {', '.join(Scope.values)}.")
    if not name.strip() or len(name.strip()) > MAX_NAME_CHARACTERS or not is_storable(name):
        raise InvalidInput.of_field("name", f"Say in 1 to {MAX_NAME_CHARACTERS} characters what the token is for.")
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput.of_field("expires_at", "This moment has passed.")
    prefix, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner=owner, name=name.strip(), prefix=prefix, digest=digest_of(secret), scopes=wanted, expires_at=expires_at
    )
    after = {"name": token.name, "scopes": wanted, "owner": owner.email, "expires_at": expires_at}
    log_event(actor=actor, verb="token.created", obj=token, after=after)
    return token, f"{TOKEN_MARK}{prefix}_{secret}"


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken) -> ApiToken:
    """Makes the token worthless from the next request on; revoking twice changes and logs nothing."""
    now = clock.now()
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now):
        token.revoked_at = now
        log_event(actor=actor, verb="token.revoked", obj=token, after={"name": token.name})
    else:
        token.refresh_from_db(fields=["revoked_at"])
    return token


def revoke_tokens_of(*, actor: Actor, user: User) -> int:
    """Revokes all that a person owns; how many there were."""
    tokens = list(ApiToken.objects.filter(owner=user, revoked_at=None))
    for token in tokens:
        revoke_token(actor=actor, token=token)
    return len(tokens)


def find_token(plaintext: str) -> ApiToken:
    """The valid token (with its owner, in one query) that `plaintext` opens; notes its use once a minute.

    Raises:
        NotFound: unknown, revoked, expired, or its owner may not log in any more. Never says which.
    """
    prefix, _, secret = plaintext.removeprefix(TOKEN_MARK).partition("_")
    token = _tokens.find(prefix[:12]) if plaintext.isascii() and "\0" not in plaintext else None
    # An unknown prefix compares too, so that the time taken does not tell which prefixes exist.
    stored = bytes(token.digest) if token is not None else bytes(32)
    is_right = secrets.compare_digest(stored, digest_of(secret))
    now = clock.now()
    if token is None or not is_right or not _is_usable(token, now):
        raise NotFound("This token is not valid.")
    _note_use(token, now)
    return token


def _is_usable(token: ApiToken, now: datetime) -> bool:
    is_expired = token.expires_at is not None and token.expires_at <= now
    return token.revoked_at is None and not is_expired and token.owner.is_active


def _note_use(token: ApiToken, now: datetime) -> None:
    stale = now - LAST_USE_RESOLUTION
    if token.last_used_at is None or token.last_used_at <= stale:
        unnoted = Q(last_used_at=None) | Q(last_used_at__lte=stale)
        ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)


def visible_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """The one rule of who may see which tokens: one's own; an admin everybody's."""
    decision = decide(actor, "api_tokens", "read")
    if not decision.is_allowed:
        return ApiToken.objects.none()
    return ApiToken.objects.all() if decision.is_for_all_rows else ApiToken.objects.filter(owner=actor.user)
