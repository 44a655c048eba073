"""The second factor: codes of an authenticator app (TOTP), and recovery codes for whoever has lost it."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from tracker import clock
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput, NotAuthenticated
from tracker.models import User
from tracker.services import attempts
from tracker.services.events import log_event
from tracker.services.logins import end_logins_of

PERIOD_SECONDS = 30
# A clock may be half a minute off, either way.
TOLERATED_PERIODS = (-1, 0, 1)
TOTP, RECOVERY = Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES
CODE_NEEDED = "A code of your second factor is needed too; send it as otp."
CODE_WRONG = "This code is not right."
ENROL_FIRST = "Set up a second factor in the back office first."


def has_second_factor(user: User) -> bool:
    """Whether a password alone does not let this person in."""
    return Authenticator.objects.filter(user=user, type=TOTP).exists()


def must_enrol(user: User) -> bool:
    """Whether this person has to set up a second factor before anything else."""
    return bool(settings.REQUIRE_TOTP) and user.is_staff and not has_second_factor(user)


def make_secret() -> str:
    """A secret for an authenticator app, which counts once `enrol` has seen a code of it."""
    return generate_totp_secret()


def require_second_factor(*, actor: Actor, user: User, code: str) -> None:
    """Lets a person pass whose password was right: without a second factor, or with a code of it.

    Raises:
        NotAuthenticated: a code is needed, or this one is wrong; or one has to be set up first.
        Throttled: too many codes.
    """
    if must_enrol(user):
        raise NotAuthenticated(ENROL_FIRST)
    if not has_second_factor(user):
        return
    if not code:
        raise NotAuthenticated(CODE_NEEDED)
    check_code(actor=actor, user=user, code=code)


def check_code(*, actor: Actor, user: User, code: str) -> None:
    """Takes a code of the app or a recovery code, each of which works once; counted like passwords.

    Raises:
        NotAuthenticated: wrong, used or too old.
        Throttled: too many.
    """
    key = attempts.key_of("otp", str(user.pk))
    attempts.reserve_attempt(key, limit=attempts.PER_ACCOUNT)
    if not _use_code(actor, user, "".join(code.split())):
        raise NotAuthenticated(CODE_WRONG)
    attempts.forget_attempts(key)


@transaction.atomic
def enrol(*, actor: Actor, user: User, secret: str, code: str) -> list[str]:
    """Sets up the app that knows `secret`, as a code of it shows. The recovery codes, which are shown this once.

    Logins made with the password alone end, but for sessions of the back office.

    Raises:
        InvalidInput: the code does not fit.
        Conflict: there is a second factor already.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if has_second_factor(user):
        raise Conflict("You have a second factor already; remove it first.")
    counter = _fitting_counter(secret, "".join(code.split()), after=0)
    if counter is None:
        raise InvalidInput.of_field("code", "This code does not fit. Is the clock of your device right?")
    data = {"secret": get_adapter().encrypt(secret), "last_counter": counter}
    Authenticator.objects.create(user=user, type=TOTP, data=data)
    end_logins_of(user=user, because="second factor")
    log_event(actor=actor, verb="user.second_factor_set", obj=user)
    return _make_recovery_codes(user)


@transaction.atomic
def renew_recovery_codes(*, actor: Actor, user: User) -> list[str]:
    """New recovery codes, shown this once; the old ones are worthless.

    Raises:
        Conflict: there is no second factor.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not has_second_factor(user):
        raise Conflict("There is no second factor.")
    log_event(actor=actor, verb="user.recovery_codes_renewed", obj=user)
    return _make_recovery_codes(user)


@transaction.atomic
def remove_second_factor(*, actor: Actor, user: User) -> bool:
    """Takes the second factor away: one's own after `check_code`, or, as an admin, that of somebody who lost it."""
    user = User.objects.select_for_update().get(pk=user.pk)
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        log_event(actor=actor, verb="user.second_factor_removed", obj=user)
    return bool(removed)


def count_recovery_codes(user: User) -> int:
    """How many recovery codes are left."""
    row = Authenticator.objects.filter(user=user, type=RECOVERY).first()
    return len(RecoveryCodes(row).get_unused_codes()) if row is not None else 0


def _make_recovery_codes(user: User) -> list[str]:
    Authenticator.objects.filter(user=user, type=RECOVERY).delete()
    return RecoveryCodes.activate(user).get_unused_codes()


@transaction.atomic
def _use_code(actor: Actor, user: User, code: str) -> bool:
    # Locked, so that of two who send one code at once the second finds it used.
    rows = {row.type: row for row in Authenticator.objects.select_for_update().filter(user=user).order_by("pk")}
    app, recovery = rows.get(TOTP), rows.get(RECOVERY)
    if app is None:
        return False
    counter = _fitting_counter(get_adapter().decrypt(app.data["secret"]), code, after=app.data["last_counter"])
    if counter is not None:
        app.data["last_counter"], app.last_used_at = counter, clock.now()
        app.save(update_fields=["data", "last_used_at"])
        return True
    if recovery is None or not RecoveryCodes(recovery).validate_code(code):
        return False
    log_event(actor=actor, verb="user.recovery_code_used", obj=user)
    return True


def _fitting_counter(secret: str, code: str, *, after: int) -> int | None:
    """Which half minute a code is of, if of one near by and later than `after`. allauth itself remembers used codes in
    the cache, which may be wiped, and for less long than they work."""
    now = int(clock.now().timestamp()) // PERIOD_SECONDS
    for counter in (now + step for step in TOLERATED_PERIODS):
        expected = format_hotp_value(hotp_value(secret, counter))
        if counter > after and constant_time_compare(expected, code):
            return counter
    return None
