"""Who somebody is here whom the company's provider vouches for."""

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction

from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, PermissionDenied
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.events import log_event
from tracker.services.users import check_fields
from tracker.sign_on import Identity

LONGEST_SUBJECT = 191
NOBODY = "There is no account for you here. Ask an admin for one."


@transaction.atomic
def find_signed_on(*, actor: Actor, identity: Identity) -> User:
    """The person: known from an earlier sign-on, else by a verified e-mail, else new where OIDC_DOMAINS lets them in.

    A role is never taken from the provider: whoever is new is a reporter.

    Raises:
        PermissionDenied: nobody here, or nobody who may log in.
    """
    if not identity.subject or len(identity.subject) > LONGEST_SUBJECT:
        raise PermissionDenied(NOBODY)
    link = SocialAccount.objects.filter(provider=identity.issuer[:200], uid=identity.subject).first()
    if link is not None:
        return _check_active(User.objects.get(pk=link.user_id))
    # Whoever may type any address at the provider must not become the person who has it here.
    email = normalise_email(identity.email) if identity.is_verified and "\0" not in identity.email else ""
    person = User.objects.select_for_update().filter(email=email).first() if email else None
    if person is None:
        person = _create(actor, email, identity.full_name)
    _check_active(person)
    if person.is_unconfirmed:
        _confirm(person)
    try:
        with transaction.atomic():
            SocialAccount.objects.create(provider=identity.issuer[:200], uid=identity.subject, user=person)
    except IntegrityError:
        raise Conflict("You signed on twice at once. Try again.") from None
    log_event(actor=actor, verb="user.linked", obj=person, data={"issuer": identity.issuer})
    return person


def _check_active(person: User) -> User:
    if not person.is_active:
        raise PermissionDenied(NOBODY)
    return person


def _confirm(person: User) -> None:
    # Somebody registered this address and never proved it. Now it is proved by somebody else, and the password goes.
    person.set_unusable_password()
    person.is_unconfirmed, person.email_confirmed_at = False, clock.now()
    person.save(update_fields=["password", "is_unconfirmed", "email_confirmed_at"])


def _create(actor: Actor, email: str, full_name: str) -> User:
    allowed = {domain.lower().lstrip("@") for domain in settings.OIDC_DOMAINS}
    if not email or ("*" not in allowed and email.rpartition("@")[2] not in allowed):
        raise PermissionDenied(NOBODY)
    person = User(
        email=email, full_name=full_name.replace("\0", ""), role=Role.REPORTER, email_confirmed_at=clock.now()
    )
    person.set_unusable_password()
    check_fields(person)
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        raise Conflict("You signed on twice at once. Try again.") from None
    after = {"email": person.email, "role": person.role}
    log_event(actor=actor, verb="user.registered", obj=person, after=after, data={"by": "sign-on"})
    return person
