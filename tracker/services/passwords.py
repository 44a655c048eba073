"""Checking who somebody is by e-mail and password, the same way for the API and the admin's login form."""

from django.contrib.auth.hashers import make_password

from tracker.exceptions import NotAuthenticated
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services import attempts

LONGEST_PASSWORD = 1024
WRONG = "This e-mail and password do not fit together."


def check_credentials(*, email: str, password: str, address: str = "", known_device_of: int | None = None) -> User:
    """The active person that both fit.

    `address` is where the request comes from; `known_device_of` the id of the person who has logged in on this device
    before. Such a device has a counter of its own, so that a stranger's guesses lock nobody out of it.

    Raises:
        NotAuthenticated: wrong, unknown, not active or not confirmed; never says which, in the same time.
        Throttled: too many attempts.
    """
    if len(password) > LONGEST_PASSWORD or "\0" in email:
        raise NotAuthenticated(WRONG)
    email = normalise_email(email)
    user = User.objects.filter(email=email).first()
    is_known_device = user is not None and user.pk == known_device_of
    account_key = attempts.key_of("device" if is_known_device else "account", email)
    address_key = attempts.key_of("address", address) if address and not is_known_device else ""
    attempts.reserve_attempt(account_key, limit=attempts.PER_ACCOUNT)
    if address_key:
        attempts.reserve_attempt(address_key, limit=attempts.PER_ADDRESS)
    if not _fits(user, password) or user is None or not user.is_active or user.is_unconfirmed:
        raise NotAuthenticated(WRONG)
    attempts.forget_attempts(account_key)
    if address_key:
        attempts.return_attempt(address_key)
    return user


def check_own_password(*, user: User, password: str) -> None:
    """Whether somebody who is logged in knows their password, counted like a login.

    Raises:
        NotAuthenticated: wrong.
        Throttled: too many attempts.
    """
    key = attempts.key_of("password", str(user.pk))
    attempts.reserve_attempt(key, limit=attempts.PER_ACCOUNT)
    if len(password) > LONGEST_PASSWORD or not _fits(user, password):
        raise NotAuthenticated("The current password is wrong.")
    attempts.forget_attempts(key)


def _fits(user: User | None, password: str) -> bool:
    if user is None or not user.has_usable_password():
        # As much work as for a person who exists.
        make_password(password)
        return False
    return user.check_password(password)
