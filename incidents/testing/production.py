"""Rules and points of production for tests."""

from datetime import timedelta
from typing import Any

from incidents.models import IncidentCategory, ProductionRule
from tracker import clock
from tracker.access import Actor
from tracker.models import Factory
from tracker.production import Point
from tracker.services.production import append_points


def make_production_rule(**fields: Any) -> ProductionRule:
    """A rule: below 80 % for three points in a row."""
    category = fields.pop("category", None) or IncidentCategory.objects.filter(archived_at=None).first()
    number = ProductionRule.objects.count() + 1
    return ProductionRule.objects.create(**{"name": f"Too little {number}", "category": category, **fields})


def produce(factory: Factory, *shares: float, goal: float = 100) -> None:
    """Appends a point a minute with these shares of a goal, in percent."""
    factory.refresh_from_db()
    last = factory.last_point_at or clock.now().replace(microsecond=0) - timedelta(days=1)
    points = [
        Point(last + timedelta(minutes=number), share * goal / 100, goal) for number, share in enumerate(shares, 1)
    ]
    append_points(actor=Actor.system("test"), factory=factory, points=points)
