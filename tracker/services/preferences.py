"""How a person wants to be told: by kind, whether it stands in their list, and when a letter comes."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from tracker import access
from tracker.access import Actor
from tracker.choices import ACCOUNT_LETTERS, MailWish, NotificationKind
from tracker.exceptions import FieldError, InvalidInput, PermissionDenied
from tracker.models import NotificationPreference, User
from tracker.services.events import log_event

# Letters about an account are nobody's to switch off.
CHOSEN_KINDS = tuple(kind for kind in NotificationKind if kind not in ACCOUNT_LETTERS)
FIELDS = frozenset({"is_listed", "mail"})


def read_preferences(person: User) -> dict[NotificationKind, NotificationPreference]:
    """What holds for each kind that a person may choose about; unsaved rows stand for what they never chose."""
    found = {row.kind: row for row in NotificationPreference.objects.filter(person=person)}
    return {kind: found.get(kind) or NotificationPreference.unspoken(person, kind) for kind in CHOSEN_KINDS}


@transaction.atomic
def set_preferences(
    *, actor: Actor, changes: Mapping[str, Mapping[str, Any]]
) -> dict[NotificationKind, NotificationPreference]:
    """Changes the actor's own preferences; `changes` maps a kind to new values of is_listed and mail.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, notifications.update.
        InvalidInput: a kind or a value that there is not; names each, and nothing is written.
    """
    access.require(actor, "notifications", "update")
    if actor.user is None or actor.token_id is not None:
        raise PermissionDenied("Only people choose how they are told.")
    _check(changes)
    # One change at a time, so that what the log says of before and after is true.
    person = User.objects.select_for_update(no_key=True).get(pk=actor.user.pk)
    present = read_preferences(person)
    before, after = {}, {}
    for name, values in changes.items():
        row = present[NotificationKind(name)]
        old = {field: getattr(row, field) for field in values}
        if old != dict(values):
            before[name], after[name] = old, dict(values)
            for field, value in values.items():
                setattr(row, field, value)
            row.save()
    if after:
        log_event(actor=actor, verb="user.preferences_set", obj=person, before=before, after=after)
    return present


def _check(changes: Mapping[str, Mapping[str, Any]]) -> None:
    details = []
    for name, values in changes.items():
        if name not in CHOSEN_KINDS:
            details.append(FieldError(name[:100], f"One of {', '.join(CHOSEN_KINDS)}."))
            continue
        details += [FieldError(f"{name}.{field}", "Unknown.") for field in values if field not in FIELDS]
        if not isinstance(values.get("is_listed", True), bool):
            details.append(FieldError(f"{name}.is_listed", "true or false."))
        if values.get("mail", MailWish.NEVER) not in MailWish.values:
            details.append(FieldError(f"{name}.mail", f"One of {', '.join(MailWish.values)}."))
    if details:
        raise InvalidInput("These preferences cannot be kept.", details=details)
