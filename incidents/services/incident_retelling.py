"""What a source says of an incident, and which of it is news: never what a person changed meanwhile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from incidents.intake.incident_tables import SourceIncident
from incidents.models import Incident, IncidentCategory
from tracker.models import Factory, Project

# The handling state is people's own from the import on.
FIELDS = (
    "category_id", "title", "description", "severity", "recovery", "place", "latitude", "longitude", "occurred_at",
    "loss_estimate", "project_id", "factory_id", "attributes",
)  # fmt: skip
TEXTS = frozenset({"title", "description", "place"})


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What the words of a file mean here."""

    categories: Mapping[str, int]
    projects: Mapping[str, int]
    factories: Mapping[str, int]


def read_known_names() -> KnownNames:
    """Categories by key, projects by key and factories by name; none that is archived."""
    return KnownNames(
        dict(IncidentCategory.objects.filter(archived_at=None).values_list("key", "pk")),
        dict(Project.objects.filter(archived_at=None).values_list("key", "pk")),
        dict(Factory.objects.values_list("name", "pk")),
    )


def told_values(told: SourceIncident, names: KnownNames) -> dict[str, Any]:
    """The fields as the source tells them."""
    return {
        "category_id": names.categories[told.category],
        "title": " ".join(told.title.split()),
        "description": told.description,
        "severity": told.severity,
        "recovery": told.recovery,
        "place": " ".join(told.place.split()),
        "latitude": told.latitude,
        "longitude": told.longitude,
        "occurred_at": told.occurred_at,
        "loss_estimate": told.loss_estimate,
        "project_id": names.projects[told.project.upper()] if told.project else None,
        "factory_id": names.factories[told.factory] if told.factory else None,
        "attributes": told.attributes,
    }


def marks_of(values: Mapping[str, Any]) -> dict[str, str]:
    """A short digest of each field, the same on every machine."""
    return {name: blake2b(_spell(value).encode(), digest_size=6).hexdigest() for name, value in values.items()}


def find_news(known: Incident, told: Mapping[str, Any], marks: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the source changed since it told of this incident before, and that nobody changed here."""
    before: Mapping[str, str] = known.source_marks or {}
    changed = [name for name in FIELDS if marks[name] != before.get(name)]
    here = marks_of({name: getattr(known, name) for name in changed})
    return {name: told[name] for name in changed if here[name] == before.get(name)}


def _spell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return json.dumps(value, sort_keys=True)
