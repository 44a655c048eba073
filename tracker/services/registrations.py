"""People who come in by themselves: closed unless REGISTRATION_DOMAINS says for whom, and always as reporters."""

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from tracker import clock
from tracker.access import Actor
from tracker.bells import MAIL_PEOPLE, ring
from tracker.choices import NotificationKind, Role
from tracker.even_pace import even_pace
from tracker.exceptions import InvalidInput
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services import attempts
from tracker.services.account_links import CONFIRM_TOKENS, id_of
from tracker.services.events import log_event
from tracker.services.letters import has_mail, order_letter
from tracker.services.users import check_fields, set_password

PER_ADDRESS = 20
PER_EMAIL = 5
DEAD_LINK = "This link does not work any more. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Registration:
    """What whoever registered is told: the same whether or not the address is known."""

    email: str
    needs_confirmation: bool


def is_open() -> bool:
    """Whether anybody at all may register."""
    return bool(settings.REGISTRATION_DOMAINS)


def register_person(*, actor: Actor, email: str, password: str, full_name: str = "", address: str = "") -> Registration:
    """A reporter, who logs in once the address is confirmed, or at once where there is no mail.

    Whoever is there already stays as they are, and gets a letter that says so. An account that nobody has confirmed yet
    is the latest registration's, for the earlier one proved nothing. `address` is where the request comes from.

    Raises:
        InvalidInput: a field breaks a rule, or the domain is not one that may register.
        Throttled: too many registrations.
    """
    needs_confirmation = has_mail()
    email = normalise_email(email)
    person = User(email=email, full_name=full_name, role=Role.REPORTER, is_unconfirmed=needs_confirmation)
    check_fields(person)
    _check_domain(person.email)
    count_letters("register", email=person.email, address=address)
    set_password(person, password)
    with even_pace():
        _keep(actor, person)
    return Registration(person.email, needs_confirmation)


@transaction.atomic
def confirm_email(*, actor: Actor, uid: str, token: str) -> User:
    """Lets a registered person in from now on.

    Raises:
        InvalidInput: the link is wrong, used or too old.
    """
    person = User.objects.select_for_update().filter(pk=id_of(uid)).first()
    if not can_confirm(person, token) or person is None:
        raise InvalidInput.of_field("token", DEAD_LINK)
    person.is_unconfirmed, person.email_confirmed_at = False, clock.now()
    person.save(update_fields=["is_unconfirmed", "email_confirmed_at"])
    log_event(actor=Actor.of_user(person, request_id=actor.request_id), verb="user.confirmed", obj=person)
    return person


def can_confirm(person: User | None, token: str) -> bool:
    """Whether this token would let the person in."""
    return (
        person is not None and person.is_active and person.is_unconfirmed and CONFIRM_TOKENS.check_token(person, token)
    )


def count_letters(kind: str, *, email: str, address: str) -> None:
    """Counts one letter, so that nobody's mailbox is filled by strangers.

    Raises:
        Throttled: too many from one place, or to one address.
    """
    if address:
        attempts.reserve_attempt(attempts.key_of(f"{kind}-address", address), limit=PER_ADDRESS)
    attempts.reserve_attempt(attempts.key_of(f"{kind}-email", email), limit=PER_EMAIL)


def _check_domain(email: str) -> None:
    allowed = {domain.lower().lstrip("@") for domain in settings.REGISTRATION_DOMAINS}
    if "*" not in allowed and email.rpartition("@")[2] not in allowed:
        raise InvalidInput.of_field("email", "Addresses of this domain cannot be registered.")


@transaction.atomic
def _keep(actor: Actor, person: User) -> None:
    found, is_new = _find_or_insert(actor, person)
    is_theirs = is_new or found.is_unconfirmed
    if is_theirs and not is_new:
        found.full_name, found.password, found.is_unconfirmed = person.full_name, person.password, person.is_unconfirmed
        found.save(update_fields=["full_name", "password", "is_unconfirmed"])
    if has_mail():
        kind = NotificationKind.CONFIRM_EMAIL if is_theirs else NotificationKind.ACCOUNT_EXISTS
        order_letter(person=found, kind=kind)
    # Whether or not there is a letter, so that the answer takes the same time.
    ring(MAIL_PEOPLE)


def _find_or_insert(actor: Actor, person: User) -> tuple[User, bool]:
    same = User.objects.select_for_update().filter(email=person.email)
    found = same.first()
    if found is not None:
        return found, False
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        return same.get(), False
    log_event(actor=actor, verb="user.registered", obj=person, after={"email": person.email, "role": person.role})
    return person, True
