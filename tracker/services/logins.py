"""Logins: a pair of JWTs that rotates, and that ends at the next request once its login is revoked."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from tracker import clock
from tracker.access import Actor
from tracker.exceptions import NotAuthenticated
from tracker.models import LoginSession, User
from tracker.quick_rows import JoinedRow
from tracker.services import jwts
from tracker.services.events import log_event

LONGEST_LOGIN = timedelta(days=30)
_logins = JoinedRow(LoginSession, key="id", relation="user")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login hands out; `expires_in_seconds` is the life of the access token."""

    access: str
    refresh: str
    expires_in_seconds: int
    user: User


@transaction.atomic
def start_login(*, actor: Actor, user: User) -> TokenPair:
    """A new family of tokens for a person whose password (or the like) has been checked."""
    now = clock.now()
    session = LoginSession(
        user=user,
        refresh_jti=uuid.uuid4(),
        created_at=now,
        refreshed_at=now,
        expires_at=now + settings.REFRESH_TOKEN_LIFETIME,
    )
    session.save(force_insert=True)
    User.objects.filter(pk=user.pk).update(last_login=now)
    log_event(actor=actor, verb="user.logged_in", obj=user, data={"login": str(session.pk)})
    return _pair(session, user, now)


def refresh_login(*, actor: Actor, refresh_token: str) -> TokenPair:
    """The next pair. Each refresh token works once; a second use means that it was stolen and ends the family.

    Raises:
        NotAuthenticated: not valid (any more).
    """
    claims = jwts.read(refresh_token, kind="refresh")
    now, new_jti = clock.now(), uuid.uuid4()
    # The row count of a conditional UPDATE decides between simultaneous users of one token. All its conditions are on
    # this one table: with a join, Django would look the row up in a subquery, which PostgreSQL does not ask again after
    # it has waited for somebody else's update.
    is_turned = LoginSession.objects.filter(
        pk=claims.session_id, refresh_jti=claims.token_id, revoked_at=None, expires_at__gt=now
    ).update(refresh_jti=new_jti, refreshed_at=now)
    session = LoginSession.objects.select_related("user").filter(pk=claims.session_id).first()
    if session is None or not is_turned or not session.user.is_active:
        if session is not None and session.revoked_at is None and not is_turned and session.expires_at > now:
            end_login(actor=Actor.of_user(session.user, request_id=actor.request_id), session=session, because="reuse")
        raise NotAuthenticated("This token is not valid.")
    session.refresh_jti = new_jti
    session.expires_at = min(now + settings.REFRESH_TOKEN_LIFETIME, session.created_at + LONGEST_LOGIN)
    LoginSession.objects.filter(pk=session.pk, refresh_jti=new_jti).update(expires_at=session.expires_at)
    return _pair(session, session.user, now)


def find_login(access_token: str) -> LoginSession:
    """The live login (with its user, in one query) behind an access token.

    Raises:
        NotAuthenticated: not valid, expired, logged out, or the person may not log in any more.
    """
    claims = jwts.read(access_token, kind="access")
    session = _logins.find(claims.session_id)
    is_live = session is not None and session.revoked_at is None and session.expires_at > clock.now()
    if session is None or not is_live or session.user_id != claims.user_id or not session.user.is_active:
        raise NotAuthenticated("This token is not valid.")
    return session


@transaction.atomic
def end_login(*, actor: Actor, session: LoginSession, because: str = "logout") -> bool:
    """Revokes one family; whether it was still alive."""
    is_ended = LoginSession.objects.filter(pk=session.pk, revoked_at=None).update(
        revoked_at=clock.now(), revoked_because=because
    )
    if is_ended:
        data = {"login": str(session.pk), "because": because}
        log_event(actor=actor, verb="user.logged_out", object_type="user", object_id=str(session.user_id), data=data)
    return bool(is_ended)


@transaction.atomic
def note_session(*, actor: Actor, user: User, has_begun: bool) -> None:
    """Writes down that somebody logged in to, or out of, the pages for people; Django keeps those sessions itself."""
    verb = "user.logged_in" if has_begun else "user.logged_out"
    log_event(actor=actor, verb=verb, obj=user, data={"login": "session"})


def end_logins_of(*, user: User, because: str) -> int:
    """Revokes every family of a person, inside the transaction of the change that asks for it; how many."""
    return LoginSession.objects.filter(user=user, revoked_at=None).update(
        revoked_at=clock.now(), revoked_because=because
    )


def _pair(session: LoginSession, user: User, now: datetime) -> TokenPair:
    lifetime = settings.ACCESS_TOKEN_LIFETIME
    access = jwts.sign(
        kind="access", user_id=user.pk, session_id=session.pk, token_id=uuid.uuid4(), expires_at=now + lifetime
    )
    refresh = jwts.sign(
        kind="refresh",
        user_id=user.pk,
        session_id=session.pk,
        token_id=session.refresh_jti,
        expires_at=session.expires_at,
    )
    return TokenPair(access, refresh, int(lifetime.total_seconds()), user)
