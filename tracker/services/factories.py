"""Factories: sites that things happen at and are made in; made, changed and deleted through one door each."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet

from tracker.access import Actor, decide, require
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.models import Factory
from tracker.production import Point
from tracker.services.events import log_event
from tracker.services.production import append_points, replace_points

FIELDS = ("name", "place", "timezone")
MAX_TRIES = 20


def visible_factories(actor: Actor, action: str = "list") -> QuerySet[Factory]:
    """The one rule of which factories an actor may know of, or do `action` to: all, or none."""
    rows = Factory.objects.all()
    return rows if decide(actor, "factories", action).is_allowed else rows.none()


@transaction.atomic
def create_factory(
    *,
    actor: Actor,
    name: str | None = None,
    place: str = "",
    timezone: str = "UTC",
    points: Sequence[Point] = (),
    source: str = "",
    source_id: str = "",
) -> Factory:
    """A new factory, with the series that is known of it. None as its name: it gets one, such as "Factory 7".

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, factories.create, and production.create for a series.
        InvalidInput: naming each field that breaks a rule. Conflict: the name is taken.
    """
    require(actor, "factories", "create")
    factory = Factory(place=place.strip(), timezone=timezone, source=source, source_id=source_id)
    if name is None:
        _save_nameless(factory)
    else:
        factory.name = name.strip()
        _save(factory)
    log_event(actor=actor, verb="factory.created", obj=factory, after=_facts(factory))
    if points:
        append_points(actor=actor, factory=factory, points=points)
        factory.refresh_from_db()
    return factory


@transaction.atomic
def update_factory(*, actor: Actor, factory: Factory, changes: Mapping[str, Any]) -> Factory:
    """Changes name, place or time zone, and with `points` (a list) the series; nothing changed is no event.

    Raises: as `create_factory`; production.update for a series.
    """
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
    if "points" in changes:
        replace_points(actor=actor, factory=factory, points=changes["points"])
        factory.refresh_from_db()
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


def _save_nameless(factory: Factory) -> None:
    """Saves it under the first name of the kind "Factory 7" that nobody has."""
    number = Factory.objects.count()
    for _ in range(MAX_TRIES):
        number += 1
        while Factory.objects.filter(name=f"Factory {number}").exists():
            number += 1
        factory.name = f"Factory {number}"
        try:
            _save(factory)
        except Conflict:
            # Somebody else took it in between.
            continue
        return
    raise Conflict("Others make factories at this moment; try again, or name it.")


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
