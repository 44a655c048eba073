"""People with an authenticator app, and the app itself."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tracker import clock
from tracker.models import User
from tracker.services.second_factors import PERIOD_SECONDS, make_secret


def code_of(secret: str, *, periods_away: int = 0) -> str:
    """What the app shows now, or so many half minutes from now."""
    counter = int(clock.now().timestamp()) // PERIOD_SECONDS + periods_away
    return format_hotp_value(hotp_value(secret, counter))


def give_second_factor(user: User) -> str:
    """Sets up an app, of which no code was used yet; returns its secret."""
    secret = make_secret()
    data = {"secret": get_adapter().encrypt(secret), "last_counter": 0}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    return secret
