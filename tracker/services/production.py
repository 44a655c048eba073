"""What factories made: points appended, replaced and deleted through one door each."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from tracker import clock
from tracker.access import Actor, decide, require
from tracker.bells import WATCH_PRODUCTION, ring
from tracker.exceptions import InvalidInput
from tracker.models import Factory, ProductionPoint
from tracker.production import MAX_POINTS, Point, refuse
from tracker.services.events import log_event

# Clocks of machines go wrong; a point of next year would keep out all that come before it.
AHEAD = timedelta(minutes=5)


class Appended(NamedTuple):
    """How many points are new, and how many were there already, with the same figures."""

    added: int
    unchanged: int


def visible_points(actor: Actor) -> QuerySet[ProductionPoint]:
    """The one rule of whose production an actor may know of: every factory's, or nobody's."""
    rows = ProductionPoint.objects.all()
    return rows if decide(actor, "production", "list").is_allowed else rows.none()


def read_series_of(
    *,
    actor: Actor,
    factory: Factory,
    first: datetime | None = None,
    last: datetime | None = None,
    most: int = MAX_POINTS,
) -> list[Point]:
    """The points of a factory from `first` up to, but without, `last`, in order; of more than `most` the last ones.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, production.list.
    """
    require(actor, "production", "list")
    rows = narrow(visible_points(actor).filter(factory=factory), first, last)
    return [Point(*row) for row in rows.order_by("-at")[:most].values_list("at", "actual", "goal")][::-1]


def narrow(
    rows: QuerySet[ProductionPoint], first: datetime | None = None, last: datetime | None = None
) -> QuerySet[ProductionPoint]:
    """The points from `first` up to, but without, `last`."""
    if first is not None:
        rows = rows.filter(at__gte=first)
    return rows if last is None else rows.filter(at__lt=last)


@transaction.atomic
def append_points(*, actor: Actor, factory: Factory, points: Sequence[Point]) -> Appended:
    """Adds points after the last one; those that are there already with the same figures change nothing.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, production.create.
        InvalidInput: a point that is not later than the last one or lies ahead, or too many; nothing is kept then.
    """
    require(actor, "production", "create")
    _refuse_future(points)
    factory = lock_factory(factory)
    new = _without_repeats(factory, points)
    if factory.points_count + len(new) > MAX_POINTS:
        raise InvalidInput.of_field("points", f"Up to {MAX_POINTS:,} points; it has {factory.points_count:,}.")
    if new:
        write_points(factory, new)
        log_event(actor=actor, verb="factory.produced", obj=factory, data={"points": len(new)})
        ring(WATCH_PRODUCTION)
    return Appended(len(new), len(points) - len(new))


@transaction.atomic
def replace_points(*, actor: Actor, factory: Factory, points: Sequence[Point]) -> None:
    """Puts another series in the place of the one that is there; the same one is no event.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, production.update.
        InvalidInput: too many, or one that lies ahead.
    """
    require(actor, "production", "update")
    _refuse_future(points)
    factory = lock_factory(factory)
    if len(points) > MAX_POINTS:
        raise InvalidInput.of_field("chart_data", f"Up to {MAX_POINTS:,} points.")
    known = ProductionPoint.objects.filter(factory=factory)
    if [Point(*row) for row in known.order_by("at").values_list("at", "actual", "goal")] == list(points):
        return
    known.delete()
    before = factory.points_count
    factory.points_count, factory.last_point_at, factory.corrected_at = 0, None, clock.now()
    write_points(factory, points)
    log_event(
        actor=actor, verb="factory.corrected", obj=factory, before={"points": before}, after={"points": len(points)}
    )
    ring(WATCH_PRODUCTION)


@transaction.atomic
def delete_points(
    *, actor: Actor, factory: Factory, first: datetime | None = None, last: datetime | None = None
) -> int:
    """Deletes the points from `first` up to, but without, `last`; answers how many.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, production.delete.
        InvalidInput: neither is given, so that nothing is emptied by a slip.
    """
    require(actor, "production", "delete")
    if first is None and last is None:
        raise InvalidInput.of_field("from", "Say from when, or to when, the points are to go.")
    factory = lock_factory(factory)
    count, _ = narrow(ProductionPoint.objects.filter(factory=factory), first, last).delete()
    if count:
        factory.points_count -= count
        factory.corrected_at = clock.now()
        factory.last_point_at = ProductionPoint.objects.filter(factory=factory).aggregate(last=Max("at"))["last"]
        _save_series(factory)
        log_event(actor=actor, verb="factory.corrected", obj=factory, data={"deleted": count})
        ring(WATCH_PRODUCTION)
    return count


def lock_factory(factory: Factory) -> Factory:
    """The factory's row, locked: its series has one writer at a time."""
    return Factory.objects.select_for_update(no_key=True).get(pk=factory.pk)


def write_points(factory: Factory, points: Sequence[Point]) -> None:
    """Writes points that are not there yet to a locked factory, in one go."""
    statement = f'COPY "{ProductionPoint._meta.db_table}" (factory_id, at, actual, goal) FROM STDIN'
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for point in points:
            copy.write_row((factory.pk, point.at, point.actual, point.goal))
    factory.points_count += len(points)
    latest = [point.at for point in points[-1:]] + ([factory.last_point_at] if factory.last_point_at else [])
    factory.last_point_at = max(latest, default=None)
    _save_series(factory)


def _refuse_future(points: Sequence[Point]) -> None:
    if points and points[-1].at > clock.now() + AHEAD:
        refuse("time", "Must not be more than 5 minutes in the future.", len(points) - 1)


def _save_series(factory: Factory) -> None:
    factory.series_changed_at = clock.now()
    factory.save(update_fields=["points_count", "last_point_at", "series_changed_at", "corrected_at"])


def _without_repeats(factory: Factory, points: Sequence[Point]) -> list[Point]:
    """The points that come after the last one that is known; the others must be known as they are told."""
    if factory.last_point_at is None or not points:
        return list(points)
    last = factory.last_point_at
    overlap = [point for point in points if point.at <= last]
    if overlap:
        rows = ProductionPoint.objects.filter(factory=factory, at__range=(overlap[0].at, overlap[-1].at))
        known = {row[0]: Point(*row) for row in rows.values_list("at", "actual", "goal")}
        for index, point in enumerate(overlap):
            if known.get(point.at) != point:
                what = "has other figures already" if point.at in known else "is not later than the last one"
                refuse("time", f"The point at {point.at:%Y-%m-%dT%H:%M:%SZ} {what}.", index)
    return list(points[len(overlap) :])
