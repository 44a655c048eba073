"""Factories: sites that issues happen at, made, changed and deleted through one door."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from tracker.access import Actor, require
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.models import Factory
from tracker.services.events import log_event

FIELDS = ("name", "place", "timezone")


@transaction.atomic
def create_factory(*, actor: Actor, name: str, place: str = "", timezone: str = "UTC") -> Factory:
    """A new factory.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, factories.create.
        InvalidInput: naming each field that breaks a rule. Conflict: the name is taken.
    """
    require(actor, "factories", "create")
    factory = Factory(name=name.strip(), place=place.strip(), timezone=timezone)
    _save(factory)
    log_event(actor=actor, verb="factory.created", obj=factory, after=_facts(factory))
    return factory


@transaction.atomic
def update_factory(*, actor: Actor, factory: Factory, changes: Mapping[str, Any]) -> Factory:
    """Changes name, place or time zone; nothing changed is no event. Raises: as `create_factory`."""
    require(actor, "factories", "update")
    factory = Factory.objects.select_for_update(no_key=True).get(pk=factory.pk)
    before = _facts(factory)
    for name in FIELDS:
        if name in changes:
            setattr(factory, name, str(changes[name]).strip())
    after = _facts(factory)
    if after != before:
        _save(factory)
        log_event(actor=actor, verb="factory.updated", obj=factory, before=before, after=after)
    return factory


@transaction.atomic
def delete_factory(*, actor: Actor, factory: Factory) -> None:
    """Deletes a factory that nothing refers to.

    Raises:
        PermissionDenied: see access.yaml, factories.delete. Conflict: something refers to it.
    """
    require(actor, "factories", "delete")
    factory = Factory.objects.select_for_update().get(pk=factory.pk)
    log_event(actor=actor, verb="factory.deleted", obj=factory, before=_facts(factory))
    try:
        with transaction.atomic():
            factory.delete()
    except (ProtectedError, IntegrityError):
        raise Conflict(f"Something refers to {factory}, so it stays.") from None


def _facts(factory: Factory) -> dict[str, Any]:
    return {name: getattr(factory, name) for name in FIELDS}


def _save(factory: Factory) -> None:
    try:
        factory.full_clean(validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            factory.save()
    except ValidationError as error:
        raise InvalidInput.of_fields(error.message_dict) from None
    except IntegrityError:
        taken = [FieldError("name", "There is a factory of this name.")]
        raise Conflict("name: there is a factory of this name.", details=taken) from None
