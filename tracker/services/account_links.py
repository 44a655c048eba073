"""Links in letters about an account. They are made while the letter is written and checked by arithmetic, so no table,
and no copy of one, holds a link that opens anything."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from tracker import clock
from tracker.models import User

LARGEST_ID = 2**63 - 1


class _LinkTokens(PasswordResetTokenGenerator):
    """Django's tokens, one kind a purpose. What a link changes is part of its token, so that it works once."""

    def __init__(self, purpose: str) -> None:
        super().__init__()
        self.key_salt = f"tracker.account_links.{purpose}"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)} {user.is_unconfirmed} {user.is_active}"

    def _now(self) -> datetime:
        return clock.now().replace(tzinfo=None)


RESET_TOKENS = _LinkTokens("reset")
CONFIRM_TOKENS = _LinkTokens("confirm")


def uid_of(user: User) -> str:
    """How a link names a person."""
    return urlsafe_base64_encode(force_bytes(user.pk))


def id_of(uid: str) -> int:
    """The id that a link names; 0, which nobody has, where it names nothing."""
    try:
        number = int(urlsafe_base64_decode(uid))
    except (ValueError, TypeError, OverflowError):
        return 0
    return number if 0 < number <= LARGEST_ID else 0


def reset_link(user: User) -> str:
    """Where a new password is set."""
    return _link("reset", user, RESET_TOKENS)


def confirm_link(user: User) -> str:
    """Where an address is confirmed."""
    return _link("confirm", user, CONFIRM_TOKENS)


def _link(page: str, user: User, tokens: _LinkTokens) -> str:
    # The site's own name: the Host header of whoever asked for the letter may say anything.
    return f"{settings.SITE_URL}/account/{page}/{uid_of(user)}/{tokens.make_token(user)}"
