"""Sprockets: kinds of what is made; made, changed and deleted through one door each."""

import math
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tracker.access import Actor, decide, require
from tracker.exceptions import FieldError, InvalidInput
from tracker.models import Sprocket
from tracker.models.assets import MOST
from tracker.services.events import log_event
from tracker.texts import UNSTORABLE, is_storable

MEASURES = ("teeth", "pitch_diameter", "outside_diameter", "pitch")
FIELDS = ("name", *MEASURES)
MOST_TEETH = 1_000_000
MAX_NAME_CHARACTERS = 120


def visible_sprockets(actor: Actor, action: str = "list") -> QuerySet[Sprocket]:
    """The one rule of which sprockets an actor may know of, or do `action` to: all, or none."""
    rows = Sprocket.objects.all()
    return rows if decide(actor, "sprockets", action).is_allowed else rows.none()


@transaction.atomic
def create_sprocket(*, actor: Actor, values: Mapping[str, Any], source: str = "", source_id: str = "") -> Sprocket:
    """A new kind of sprocket; all four measures are needed.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, sprockets.create.
        InvalidInput: naming each field that is missing or breaks a rule.
    """
    require(actor, "sprockets", "create")
    missing = [FieldError(name, f"Missing required field: {name}") for name in MEASURES if name not in values]
    if missing:
        raise InvalidInput(missing[0].message, details=missing)
    sprocket = Sprocket(**_clean(values), source=source, source_id=source_id)
    sprocket.save()
    log_event(actor=actor, verb="sprocket.created", obj=sprocket, after=_facts(sprocket))
    return sprocket


@transaction.atomic
def update_sprocket(*, actor: Actor, sprocket: Sprocket, changes: Mapping[str, Any]) -> Sprocket:
    """Changes the name or measures; nothing changed is no event. Raises: as `create_sprocket`."""
    require(actor, "sprockets", "update")
    sprocket = Sprocket.objects.select_for_update(no_key=True).get(pk=sprocket.pk)
    before = _facts(sprocket)
    for name, value in _clean(changes).items():
        setattr(sprocket, name, value)
    after = _facts(sprocket)
    if after != before:
        sprocket.save()
        log_event(actor=actor, verb="sprocket.updated", obj=sprocket, before=before, after=after)
    return sprocket


@transaction.atomic
def delete_sprocket(*, actor: Actor, sprocket: Sprocket) -> None:
    """Deletes a kind of sprocket; the log keeps what it was. Raises: see access.yaml, sprockets.delete."""
    require(actor, "sprockets", "delete")
    sprocket = Sprocket.objects.select_for_update().get(pk=sprocket.pk)
    log_event(actor=actor, verb="sprocket.deleted", obj=sprocket, before=_facts(sprocket))
    sprocket.delete()


def _facts(sprocket: Sprocket) -> dict[str, Any]:
    return {name: getattr(sprocket, name) for name in FIELDS}


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned, faults = {}, []
    for name in FIELDS:
        if name in values:
            try:
                cleaned[name] = _check(name, values[name])
            except ValueError as error:
                faults.append(FieldError(name, str(error)))
    if faults:
        raise InvalidInput(f"{faults[0].field}: {faults[0].message}", details=faults)
    return cleaned


def _check(name: str, value: Any) -> str | int | float:
    if name == "name":
        if not isinstance(value, str):
            raise ValueError("Must be a text.")
        text = value.strip()
        if len(text) > MAX_NAME_CHARACTERS:
            raise ValueError(f"Up to {MAX_NAME_CHARACTERS} characters.")
        if not is_storable(text):
            raise ValueError(UNSTORABLE)
        return text
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("Must be a number.")
    if name == "teeth":
        if value != int(value) or not 0 < value <= MOST_TEETH:
            raise ValueError(f"Must be a whole number from 1 to {MOST_TEETH:,}.")
        return int(value)
    if not 0 < value <= MOST:
        raise ValueError(f"Must be more than 0, and at most {MOST:,.0f}.")
    return float(value)
