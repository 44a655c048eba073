"""Factories and sprockets from files: each known by its source and place there, so that twice changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from incidents.intake.factory_files import FactoryFile, SourceFactory, SourceSprocket
from incidents.services.issue_import import lock_source
from tracker import access
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput
from tracker.models import Factory, Sprocket
from tracker.production import Point
from tracker.services.factories import create_factory
from tracker.services.production import append_points, read_series_of, replace_points
from tracker.services.sprockets import create_sprocket

MAX_SOURCE_CHARACTERS = 100


@dataclass(slots=True)
class FactoryCounts:
    """What an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    points: int = 0


@transaction.atomic
def import_factories(
    *, actor: Actor, file: FactoryFile, source: str, progress: Callable[[int], object] = lambda done: None
) -> FactoryCounts:
    """Takes what a file tells, all or nothing. `progress` is told of each row.

    A factory that is known keeps its name, place and zone, and those of its points that the file does not tell;
    a point that the file tells otherwise becomes what it says. A sprocket that is known stays as it is.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, factories, production and sprockets.
        InvalidInput: a field that breaks a rule. Conflict: a name that cannot be told from others.
    """
    for resource in ("factories", "sprockets"):
        access.require(actor, resource, "create")
    if not 0 < len(source) <= MAX_SOURCE_CHARACTERS:
        raise InvalidInput.of_field("source", f"1 to {MAX_SOURCE_CHARACTERS} characters.")
    lock_source(source)
    counts = FactoryCounts()
    known = {factory.source_id: factory for factory in Factory.objects.filter(source=source)}
    for row in file.factories:
        factory = known.get(row.source_id)
        if factory is None:
            _create(actor, row, source, counts)
        else:
            _retell(actor, factory, row.points, counts)
        progress(1)
    _take_sprockets(actor, file.sprockets, source, counts, progress)
    return counts


def _create(actor: Actor, row: SourceFactory, source: str, counts: FactoryCounts) -> None:
    values = {"place": row.place, "timezone": row.timezone, "points": row.points}
    origin = {"source": source, "source_id": row.source_id}
    try:
        create_factory(actor=actor, name=row.name, **values, **origin)  # type: ignore[arg-type]
    except Conflict:
        # Somebody has a factory of this name already; this one says where it comes from.
        create_factory(actor=actor, name=f"{row.name} ({source})"[:120], **values, **origin)  # type: ignore[arg-type]
    counts.created += 1
    counts.points += len(row.points)


def _retell(actor: Actor, factory: Factory, points: Sequence[Point], counts: FactoryCounts) -> None:
    known = read_series_of(actor=actor, factory=factory)
    merged = {point.at: point for point in known} | {point.at: point for point in points}
    told = sorted(merged.values())
    if told == known:
        counts.unchanged += 1
        return
    if told[: len(known)] == known:
        append_points(actor=actor, factory=factory, points=told[len(known) :])
    else:
        replace_points(actor=actor, factory=factory, points=told)
    counts.updated += 1
    counts.points += len(set(told) - set(known))


def _take_sprockets(
    actor: Actor, rows: Sequence[SourceSprocket], source: str, counts: FactoryCounts, progress: Callable[[int], object]
) -> None:
    known = set(Sprocket.objects.filter(source=source).values_list("source_id", flat=True))
    for row in rows:
        if row.source_id in known:
            counts.unchanged += 1
        else:
            create_sprocket(actor=actor, values=row.values, source=source, source_id=row.source_id)
            counts.created += 1
        progress(1)
