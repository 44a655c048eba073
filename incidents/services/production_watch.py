"""Watching production: each new point is judged once by each rule, and what a rule finds is one incident until it ends.

Where points were corrected, the last ones decide anew, as they do for a new rule.

A row per rule and factory remembers how far it looked, so a lost ring, a second worker or a worker that was killed
changes only when an incident is opened, never whether, and never how many.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from incidents.choices import IncidentStatus
from incidents.models import Incident, ProductionRule, ProductionWatch
from incidents.services.comments import comment_on_incident
from incidents.services.hook_rules import find_default_category
from incidents.services.incident_moves import finish_incident
from incidents.services.incidents import Origin, create_incident
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import DomainError
from tracker.models import Factory, ProductionPoint
from tracker.production import Point, plain_number

ACTOR = Actor.system("watch_production")
# A rule does not judge what lies further back: whoever imports years wants no thousand incidents.
MOST_LOOKED_AT = 1_000
MOST_FACTORIES = 10_000
MOST_TOLD = 20
logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Watched:
    """What one sweep did."""

    points: int = 0
    opened: int = 0
    resolved: int = 0


def watch_production(*, max_seconds: float = 40.0) -> Watched:
    """Looks at every point that came since the last look; stops in time, and goes on at the next ring."""
    done, deadline = Watched(), time.monotonic() + max_seconds
    for rule in ProductionRule.objects.filter(is_enabled=True).select_related("category", "project"):
        for factory in _find_news(rule):
            if time.monotonic() > deadline:
                return done
            try:
                _look(rule, factory, done)
            except DomainError as error:
                # One factory's trouble is not the others'.
                logger.warning("A rule could not act.", extra={"rule": rule.pk, "reason": error.message})
    return done


def is_low(rule: ProductionRule, point: Point) -> bool:
    """Whether a point is below the rule's share of its goal."""
    return point.actual * 100 < point.goal * rule.percent


def _find_news(rule: ProductionRule) -> QuerySet[Factory]:
    """The factories of a rule with points that it has not seen."""
    watches = ProductionWatch.objects.filter(rule=rule, factory=OuterRef("pk"), seen_at__gte=OuterRef("last_point_at"))
    seen = watches.filter(Q(corrected_at=OuterRef("corrected_at")) | Q(factory__corrected_at=None))
    rows = Factory.objects.filter(~Exists(seen), last_point_at__isnull=False)
    if rule.factory_id is not None:
        rows = rows.filter(pk=rule.factory_id)
    return rows.order_by("pk")[:MOST_FACTORIES]


@transaction.atomic
def _look(rule: ProductionRule, factory: Factory, done: Watched) -> None:
    watch, _ = ProductionWatch.objects.get_or_create(rule=rule, factory=factory)
    locked = ProductionWatch.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    found = locked.select_related("incident").filter(pk=watch.pk).first()
    if found is None:
        # Somebody else looks at this very moment.
        return
    if found.corrected_at != factory.corrected_at:
        found.seen_at, found.low_count, found.corrected_at = None, 0, factory.corrected_at
    points = _read_news(found, rule)
    for point in points:
        done.points += 1
        _judge(found, rule, factory, point, done)
    found.seen_at = max(at for at in (found.seen_at, factory.last_point_at, *(point.at for point in points)) if at)
    found.save()


def _read_news(watch: ProductionWatch, rule: ProductionRule) -> list[Point]:
    """What came since; of a factory that it has never looked at, as many points as decide about now."""
    rows = ProductionPoint.objects.filter(factory=watch.factory_id)
    if watch.seen_at is None:
        rows, most = rows.filter(goal__gt=0), rule.points
    else:
        rows, most = rows.filter(at__gt=watch.seen_at), MOST_LOOKED_AT
    points = [Point(*row) for row in rows.order_by("-at")[: most + 1].values_list("at", "actual", "goal")]
    if len(points) > most:
        watch.low_count = 0
    return points[most - 1 :: -1] if len(points) > most else points[::-1]


def _judge(watch: ProductionWatch, rule: ProductionRule, factory: Factory, point: Point, done: Watched) -> None:
    if point.goal <= 0:
        # Nothing was to be made; that is neither too little nor a recovery.
        return
    watch.low_count = watch.low_count + 1 if is_low(rule, point) else 0
    if watch.low_count >= rule.points and not watch.is_alarmed:
        watch.incident, watch.is_alarmed = _open(rule, factory, point), True
        done.opened += 1
    elif not watch.low_count and watch.is_alarmed:
        if watch.incident is not None:
            _resolve(watch.incident, rule, point)
        watch.incident, watch.is_alarmed = None, False
        done.resolved += 1


def _open(rule: ProductionRule, factory: Factory, point: Point) -> Incident:
    rows = ProductionPoint.objects.filter(factory=factory, at__lte=point.at, goal__gt=0).order_by("-at")
    low = [Point(*row) for row in rows[: rule.points].values_list("at", "actual", "goal")][::-1]
    project = rule.project
    values = {
        "category": rule.category if rule.category.archived_at is None else find_default_category(),
        "title": f"{factory}: production below {plain_number(rule.percent)} % of goal"[:300],
        "description": _describe(rule, low),
        "severity": rule.severity,
        "place": factory.place,
        "factory": factory,
        "project": project if project is None or project.archived_at is None else None,
        "occurred_at": min(low[0].at if low else point.at, clock.now()),
    }
    return create_incident(actor=ACTOR, values=values, origin=Origin(reporter_label=f"Production rule: {rule}"))


def _describe(rule: ProductionRule, low: Sequence[Point]) -> str:
    times = "point" if rule.points == 1 else f"{rule.points} points in a row"
    lines = [f"- {_tell(point)}" for point in low[-MOST_TOLD:]]
    return "\n".join([f"Below {plain_number(rule.percent)} % of goal for {times}:", "", *lines])


def _tell(point: Point) -> str:
    share = f" ({point.actual / point.goal:.0%})" if point.goal > 0 else ""
    return f"{point.at:%Y-%m-%d %H:%M:%S} UTC: {plain_number(point.actual)} of {plain_number(point.goal)}{share}"


def _resolve(incident: Incident, rule: ProductionRule, point: Point) -> None:
    if incident.status == IncidentStatus.DONE:
        return
    comment_on_incident(
        actor=ACTOR, incident=incident, body=f"It recovered: {_tell(point)}", author_label=f"Production rule: {rule}"
    )
    finish_incident(actor=ACTOR, incident=incident)
