"""Deleting people: only those to whom nothing refers. Others are deactivated, so that what they did keeps them."""

from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, connection, models, transaction

from tracker.access import Actor
from tracker.exceptions import Conflict
from tracker.models import Event, User
from tracker.services.events import log_event
from tracker.services.users import facts_of, keep_an_admin

MOST_NAMED = 5


@transaction.atomic
def delete_user(*, actor: Actor, user: User) -> None:
    """Deletes a person with what is theirs alone: logins, tokens, views, notices. The log keeps their label.

    Raises:
        Conflict: it is oneself, the last active admin, or something refers to them; it says what.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if actor.user is not None and actor.user.pk == user.pk:
        raise Conflict("Nobody deletes themselves; another admin can.")
    keep_an_admin(user)
    referring = list(dict.fromkeys(name_references(user)))
    if referring:
        shown = ", ".join(referring[:MOST_NAMED]) + (" and more" if len(referring) > MOST_NAMED else "")
        raise Conflict(f"Something refers to {user.email}: {shown}. Deactivate them instead.")
    log_event(actor=actor, verb="user.deleted", obj=user, before=facts_of(user))
    try:
        with transaction.atomic():
            user.delete()
            # Foreign keys are asked at the end of a transaction otherwise, where nobody can say any more what it was.
            connection.check_constraints()
    except IntegrityError:
        raise Conflict(f"Something has just begun to refer to {user.email}. Deactivate them instead.") from None


def name_references(user: User) -> Iterator[str]:
    """What refers to a person, each as table and column. Rows that go with them do not count, nor does the log."""
    for relation in _references():
        field: Any = relation.field
        model = field.model
        if model._default_manager.filter(**{field.name: user.pk}).exists():
            yield f"{model._meta.verbose_name} ({field.verbose_name})"


def _references() -> Iterator[Any]:
    for relation in User._meta.get_fields(include_hidden=True):
        if not relation.auto_created or relation.concrete or getattr(relation, "related_model", None) is Event:
            continue
        is_theirs = getattr(relation, "on_delete", None) is models.CASCADE
        if relation.many_to_many or not is_theirs:
            yield relation
