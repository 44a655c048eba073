"""People: making them, changing what they are, and ending what they may do, always with a line in the log."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from tracker.access import Actor, decide
from tracker.choices import Role
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.models import User
from tracker.models.users import NOBODYS_DOMAIN
from tracker.services.events import log_event
from tracker.services.logins import end_logins_of
from tracker.services.passwords import check_own_password
from tracker.services.tokens import revoke_tokens_of
from tracker.texts import UNSTORABLE, is_storable

ADMINS_LOCK = 7_214_006
PROFILE = ("email", "full_name", "timezone")


def visible_users(actor: Actor, action: str = "read") -> QuerySet[User]:
    """The one rule of whom an actor may see, or change for `action="update"`."""
    decision = decide(actor, "users", action)
    if not decision.is_allowed or actor.token_id is not None:
        return User.objects.none()
    return (
        User.objects.all() if decision.is_for_all_rows else User.objects.filter(pk=actor.user.pk if actor.user else 0)
    )


@transaction.atomic
def create_user(
    *,
    actor: Actor,
    email: str,
    password: str | None = None,
    full_name: str = "",
    role: str = Role.REPORTER,
    timezone: str = "UTC",
) -> User:
    """A new person; without a password nobody can log in as them until one is set.

    Raises:
        InvalidInput: a field breaks a rule, the password among them.
        Conflict: the e-mail is taken, in whatever spelling.
    """
    user = User(email=email, full_name=full_name, role=role, timezone=timezone)
    check_fields(user)
    if password is None:
        user.set_unusable_password()
    else:
        set_password(user, password)
    _save(user)
    log_event(actor=actor, verb="user.created", obj=user, after=facts_of(user))
    return user


@transaction.atomic
def update_user(*, actor: Actor, user: User, changes: Mapping[str, Any]) -> User:
    """Changes profile, role and activity in one go, each through its own rule; `changes` holds new values by field.

    Raises:
        InvalidInput: a field breaks a rule. Conflict: the e-mail is taken, or they were anonymised.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    check_is_somebody(user)
    before = facts_of(user)
    profile = {name: changes[name] for name in PROFILE if name in changes and changes[name] != before[name]}
    for name, value in profile.items():
        setattr(user, name, value)
    if profile:
        check_fields(user)
        _save(user, update_fields=list(profile))
        after = {name: getattr(user, name) for name in profile}
        log_event(
            actor=actor, verb="user.updated", obj=user, before={name: before[name] for name in profile}, after=after
        )
    if "role" in changes:
        user = change_role(actor=actor, user=user, role=changes["role"])
    if "is_active" in changes:
        change = activate_user if changes["is_active"] else deactivate_user
        user = change(actor=actor, user=user)
    return user


@transaction.atomic
def change_role(*, actor: Actor, user: User, role: str) -> User:
    """Gives a person another role. Every session, login and token of theirs ends: they were made for other rights.

    Raises:
        InvalidInput: no such role.
        Conflict: this is the last active admin.
    """
    if role not in Role.values:
        raise InvalidInput.of_field("role", f"Choose one of {', '.join(Role.values)}.")
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.role == role:
        return user
    keep_an_admin(user)
    before, user.role = user.role, role
    user.is_superuser = user.is_superuser and role == Role.ADMIN
    user.save(update_fields=["role", "is_superuser"])
    _end_everything(actor, user, because="role change")
    log_event(actor=actor, verb="user.role_changed", obj=user, before={"role": before}, after={"role": role})
    return user


@transaction.atomic
def deactivate_user(*, actor: Actor, user: User) -> User:
    """Shuts a person out from the next request on; what they did stays.

    Raises:
        Conflict: this is the last active admin.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active:
        keep_an_admin(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        _end_everything(actor, user, because="deactivation")
        log_event(
            actor=actor, verb="user.deactivated", obj=user, before={"is_active": True}, after={"is_active": False}
        )
    return user


@transaction.atomic
def activate_user(*, actor: Actor, user: User) -> User:
    """Lets a person in again, with their password and without the tokens they had.

    Raises:
        Conflict: they were anonymised.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    check_is_somebody(user)
    if not user.is_active:
        user.is_active = True
        user.save(update_fields=["is_active"])
        log_event(actor=actor, verb="user.updated", obj=user, before={"is_active": False}, after={"is_active": True})
    return user


def change_password(
    *, actor: Actor, user: User, new_password: str, current_password: str | None = None, keep_tokens: bool = False
) -> User:
    """Sets a password and ends every session and login made with the old one; API tokens too, unless they are kept.

    `current_password` None means that an admin sets it, or whoever has the letter, which somebody has to have checked.
    Both vouch for the address.

    Raises:
        InvalidInput: the new one is too weak, or the current one is wrong.
        Throttled: the current one was guessed too often.
        Conflict: they were anonymised.
    """
    if current_password is not None:
        check_own_password(user=user, password=current_password)
    return _store_password(actor=actor, user=user, new_password=new_password, keep_tokens=keep_tokens)


@transaction.atomic
def _store_password(*, actor: Actor, user: User, new_password: str, keep_tokens: bool) -> User:
    user = User.objects.select_for_update().get(pk=user.pk)
    check_is_somebody(user)
    set_password(user, new_password, field="new_password")
    user.is_unconfirmed = False
    user.save(update_fields=["password", "is_unconfirmed"])
    end_logins_of(user=user, because="password change")
    if not keep_tokens:
        revoke_tokens_of(actor=actor, user=user)
    log_event(actor=actor, verb="user.password_changed", obj=user)
    return user


def _end_everything(actor: Actor, user: User, *, because: str) -> None:
    # Django's own sessions end by themselves: password and role are part of their hash, and activity is looked at.
    end_logins_of(user=user, because=because)
    revoke_tokens_of(actor=actor, user=user)


def keep_an_admin(user: User) -> None:
    """Refuses to take the last active admin away. Of two admins who remove each other the second waits here, and looks
    again; a lock of its own, because each of the two has locked the row that the other would have to look at.

    Raises:
        Conflict: there would be none left.
    """
    if user.role != Role.ADMIN or not user.is_active:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ADMINS_LOCK])
    if not User.objects.filter(role=Role.ADMIN, is_active=True).exclude(pk=user.pk).exists():
        raise Conflict("This is the last active admin; make somebody else one first.")


def check_is_somebody(user: User) -> None:
    """Refuses to make anybody of who was made nobody.

    Raises:
        Conflict: they were, or are being, anonymised.
    """
    if user.anonymise_asked_at is not None:
        raise Conflict("This person was anonymised; there is no way back.")


def facts_of(user: User) -> dict[str, Any]:
    """What the log keeps of a person."""
    return {name: getattr(user, name) for name in (*PROFILE, "role", "is_active")}


def check_fields(user: User) -> None:
    """Whether a person breaks no rule; brings the e-mail into its one spelling.

    Raises:
        InvalidInput: names each field.
    """
    for name in PROFILE:
        if not is_storable(getattr(user, name)):
            raise InvalidInput.of_field(name, UNSTORABLE)
    # Uniqueness is left to the database, which alone can settle it.
    try:
        user.full_clean(exclude=["password"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise InvalidInput.of_fields(error.message_dict) from None
    if user.email.endswith(f"@{NOBODYS_DOMAIN}"):
        raise InvalidInput.of_field("email", "Addresses there are for people who were anonymised.")


def set_password(user: User, password: str, *, field: str = "password") -> None:
    """Sets the password of a person who is not saved here; `field` is what a refusal calls it.

    Raises:
        InvalidInput: it is too weak.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput.of_fields({field: error.messages}) from None
    user.set_password(password)


def _save(user: User, **options: Any) -> None:
    try:
        with transaction.atomic():
            user.save(**options)
    except IntegrityError:
        taken = [FieldError("email", "Somebody has this e-mail address.")]
        raise Conflict("email: somebody has this e-mail address.", details=taken) from None
