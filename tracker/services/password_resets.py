"""A new password for whoever has the mailbox, without telling anybody else whether there is such a person."""

from django.db import transaction

from tracker import clock
from tracker.access import Actor
from tracker.bells import MAIL_PEOPLE, ring
from tracker.choices import NotificationKind
from tracker.even_pace import even_pace
from tracker.exceptions import InvalidInput
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.account_links import RESET_TOKENS, id_of
from tracker.services.events import log_event
from tracker.services.letters import has_mail, order_letter
from tracker.services.registrations import DEAD_LINK, count_letters
from tracker.services.users import change_password


def ask_for_reset(*, actor: Actor, email: str, address: str = "") -> None:
    """Orders a letter where there is somebody to write to; takes the same time where there is nobody.

    Raises:
        Throttled: too many letters to this e-mail, or asked for from this address.
    """
    email = normalise_email(email)
    count_letters("reset", email=email, address=address)
    with even_pace():
        _order(actor, email)


@transaction.atomic
def reset_password(*, actor: Actor, uid: str, token: str, new_password: str) -> User:
    """Sets a password by a link from a letter; the link proves the address as well.

    Raises:
        InvalidInput: the link is wrong, used or too old, or the password is too weak.
    """
    # Locked until the end, so that of two who use one link at once the second finds it used.
    person = User.objects.select_for_update().filter(pk=id_of(uid)).first()
    if not can_reset(person, token) or person is None:
        raise InvalidInput.of_field("token", DEAD_LINK)
    User.objects.filter(pk=person.pk).update(email_confirmed_at=clock.now())
    themselves = Actor(user=person, label=person.email, request_id=actor.request_id)
    return change_password(actor=themselves, user=person, new_password=new_password)


def can_reset(person: User | None, token: str) -> bool:
    """Whether this token would set a password."""
    return person is not None and person.is_active and RESET_TOKENS.check_token(person, token)


@transaction.atomic
def _order(actor: Actor, email: str) -> None:
    person = User.objects.filter(email=email, is_active=True).first() if has_mail() and "\0" not in email else None
    if person is not None:
        order_letter(person=person, kind=NotificationKind.RESET_PASSWORD)
        log_event(actor=actor, verb="user.reset_asked", obj=person)
    ring(MAIL_PEOPLE)
