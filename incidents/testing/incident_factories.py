"""Incidents for tests."""

from itertools import count
from typing import Any

from incidents.models import Incident, IncidentCategory
from incidents.services.incidents import Origin, create_incident
from tracker.access import Actor

_numbers = count(1)


def category_of(key: str = "theft") -> IncidentCategory:
    """One of the categories that every installation has."""
    return IncidentCategory.objects.get_or_create(key=key, defaults={"name": key.capitalize()})[0]


def make_incident(*, actor: Actor | None = None, origin: Origin | None = None, **values: Any) -> Incident:
    """An incident as it is after `create_incident`; by nobody unless an actor is given."""
    wanted = {"category": category_of(), "title": f"Something happened {next(_numbers)}", **values}
    return create_incident(actor=actor or Actor.system("test"), values=wanted, origin=origin)
