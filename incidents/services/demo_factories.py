"""The demo's factories: a week of production, with a dip that has not ended."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from incidents.models import IncidentCategory
from incidents.services.production_rules import create_production_rule
from tracker import clock
from tracker.access import Actor
from tracker.models import Factory
from tracker.production import Point
from tracker.services.factories import create_factory
from tracker.services.sprockets import create_sprocket

FACTORIES_PATH = Path(__file__).resolve().parent.parent / "demo" / "factories.yaml"
HOURS = 7 * 24
SHARE_OF_A_DIP = 0.6
FACTORY_FIELDS = ("name", "place", "timezone")


def seed_factories(*, actor: Actor) -> int:
    """Brings the demo's factories, sprockets and a rule in by the doors that everybody uses; how many factories."""
    told = yaml.safe_load(FACTORIES_PATH.read_text(encoding="utf-8"))
    names = set(Factory.objects.values_list("name", flat=True))
    # An installation may have a factory of such a name by now.
    rows = [row for row in told["factories"] if row["name"] not in names]
    for row in rows:
        create_factory(actor=actor, points=_make_points(row), **{name: row[name] for name in FACTORY_FIELDS})
    for values in told["sprockets"]:
        create_sprocket(actor=actor, values=values)
    category = IncidentCategory.objects.filter(key=told["rule"]["category"], archived_at=None).first()
    if category is not None:
        create_production_rule(actor=actor, values={**told["rule"], "category": category})
    return len(rows)


def _make_points(row: dict[str, Any]) -> list[Point]:
    hour, goal = clock.now().replace(minute=0, second=0, microsecond=0), row["goal"]
    points = []
    for ago in range(HOURS, -1, -1):
        is_low = any(began >= ago > began - lasted for began, lasted in row["dips"])
        share = SHARE_OF_A_DIP if is_low else 1.02 - (ago * 37 % 11) / 100
        points.append(Point(hour - timedelta(hours=ago), float(round(goal * share)), float(goal)))
    return points
