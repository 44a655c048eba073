"""What stands in the letters about an account, written at the moment they are sent."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from tracker import clock
from tracker.choices import NotificationKind
from tracker.models import Notification, User
from tracker.services.account_links import confirm_link, reset_link

NOWHERE = frozenset({"", "consolemail", "dummymail"})


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter, in plain words; `link` is where it leads, under `link_label`."""

    subject: str
    paragraphs: tuple[str, ...]
    link: str = ""
    link_label: str = ""


def has_mail() -> bool:
    """Whether letters reach anybody: EMAIL_URL is set, and not to the console or to nowhere."""
    return urlsplit(settings.EMAIL_URL).scheme not in NOWHERE


@transaction.atomic
def order_letter(*, person: User, kind: NotificationKind) -> Notification:
    """Notes that a letter is due; whoever orders it rings MAIL_PEOPLE."""
    now = clock.now()
    return Notification.objects.create(
        recipient=person, kind=kind, headline=kind.label, created_at=now, mail_at=now, is_listed=False
    )


def compose_letter(notification: Notification) -> Letter | None:
    """The letter for a notification of ACCOUNT_LETTERS; None where it is not wanted any more.

    Its link is fresh, works once and is in no table. Nothing that a stranger may have typed stands in the text.
    """
    person = notification.recipient
    if not person.is_active:
        return None
    match notification.kind:
        case NotificationKind.CONFIRM_EMAIL:
            return _confirm(person) if person.is_unconfirmed else None
        case NotificationKind.RESET_PASSWORD:
            return _reset(person)
        case NotificationKind.ACCOUNT_EXISTS:
            return _account_exists()
    raise ValueError(f"{notification.kind} is no letter about an account.")


def _confirm(person: User) -> Letter:
    return Letter(
        subject="Confirm your e-mail address",
        paragraphs=(
            "This address was registered with Tracker. Confirm that it is yours, and you can log in with the password "
            "that you chose.",
            "If that was not you, do nothing: without your confirmation nobody can log in.",
            f"The link works once, {_lifetime()} long.",
        ),
        link=confirm_link(person),
        link_label="Confirm the address",
    )


def _reset(person: User) -> Letter:
    return Letter(
        subject="Set a new password",
        paragraphs=(
            "A new password was asked for at Tracker. With it, every login and token made with the old one ends.",
            "If that was not you, do nothing: your password stays as it is.",
            f"The link works once, {_lifetime()} long.",
        ),
        link=reset_link(person),
        link_label="Set a new password",
    )


def _account_exists() -> Letter:
    return Letter(
        subject="You have an account already",
        paragraphs=(
            "Somebody tried to register this address with Tracker. It has an account already, and nothing was changed.",
            "If that was you, log in; “Forgot your password?” on that page leads to a new one.",
            "If it was not you, there is nothing to do.",
        ),
        link=f"{settings.SITE_URL}{reverse('account_login')}",
        link_label="Log in",
    )


def _lifetime() -> str:
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    return f"{hours} hours"
