"""The kinds of incidents, made, changed and deleted through one door."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from incidents.models import Incident, IncidentCategory
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.services.events import log_event

FIELDS = ("key", "name", "position")


def open_categories() -> list[IncidentCategory]:
    """Those that something new may belong to, in their order."""
    return list(IncidentCategory.objects.filter(archived_at=None))


@transaction.atomic
def create_category(*, actor: Actor, key: str, name: str, position: int = 0) -> IncidentCategory:
    """A new category.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, incident_categories.create.
        InvalidInput: naming each field that breaks a rule. Conflict: key or name is taken.
    """
    access.require(actor, "incident_categories", "create")
    category = IncidentCategory(key=key, name=" ".join(name.split()), position=position)
    _save(category)
    log_event(actor=actor, verb="category.created", obj=category, after=_facts(category))
    return category


@transaction.atomic
def update_category(*, actor: Actor, category: IncidentCategory, changes: Mapping[str, Any]) -> IncidentCategory:
    """Changes name or position, or archives it (`is_archived`); its key stays, because addresses and rules name it.

    Raises: as `create_category`.
    """
    access.require(actor, "incident_categories", "update")
    category = IncidentCategory.objects.select_for_update(no_key=True).get(pk=category.pk)
    before = _facts(category)
    if "name" in changes:
        category.name = " ".join(str(changes["name"]).split())
    if "position" in changes:
        category.position = changes["position"]
    if "is_archived" in changes and bool(changes["is_archived"]) != before["is_archived"]:
        category.archived_at = clock.now() if changes["is_archived"] else None
    after = _facts(category)
    if after != before:
        _save(category)
        log_event(actor=actor, verb="category.updated", obj=category, before=before, after=after)
    return category


@transaction.atomic
def delete_category(*, actor: Actor, category: IncidentCategory) -> None:
    """Deletes a category that nothing belongs to.

    Raises:
        PermissionDenied: see access.yaml, incident_categories.delete. Conflict: something belongs to it.
    """
    access.require(actor, "incident_categories", "delete")
    category = IncidentCategory.objects.select_for_update().get(pk=category.pk)
    if Incident.objects.filter(category=category).exists():
        raise Conflict(f"There are incidents of the category {category.key}; archive it instead.")
    log_event(actor=actor, verb="category.deleted", obj=category, before=_facts(category))
    try:
        with transaction.atomic():
            category.delete()
    except IntegrityError:
        raise Conflict(f"A hook or a rule names the category {category.key}; archive it instead.") from None


def _save(category: IncidentCategory) -> None:
    try:
        category.full_clean(validate_unique=False)
        with transaction.atomic():
            category.save()
    except ValidationError as error:
        raise InvalidInput.of_fields(error.message_dict) from None
    except IntegrityError:
        details = [FieldError("name", "There is a category of this key or name.")]
        raise Conflict("There is a category of this key or name.", details=details) from None


def _facts(category: IncidentCategory) -> dict[str, Any]:
    return {name: getattr(category, name) for name in FIELDS} | {"is_archived": category.archived_at is not None}
