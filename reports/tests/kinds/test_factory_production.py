"""What factories made of their goals, by factory and over time."""

from datetime import UTC, datetime, timedelta

import pytest

from reports.kinds.factory_production import FACTORY_PRODUCTION
from reports.kinds.production_pages import present_production
from reports.services.digests import spell_json
from reports.testing.asking import ask_kind
from tracker.access import Actor
from tracker.exceptions import InvalidInput
from tracker.models import ProductionPoint
from tracker.testing.factories import ApiClient, make_access_token, make_factory, make_user, session_client

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def ask(**parameters):
    as_of = parameters.pop("as_of", NOON + timedelta(days=3))
    return ask_kind(FACTORY_PRODUCTION, as_of=as_of, **{"from": "2026-03-02", "to": "2026-03-04", **parameters})


@pytest.fixture
def halls(move_clock):
    """Two factories, of which one produced on the second day as well, and one without any point."""
    move_clock(to=NOON)
    first = make_factory([(8, 10), (12, 10), (10, 10)], name="Hall 1")
    second = make_factory([(0.1, 0.3), (0.2, 0.0)], name="Hall 2")
    make_factory(name="Hall 3")
    ProductionPoint.objects.create(factory=first, at=NOON + timedelta(days=1), actual=3, goal=4)
    ProductionPoint.objects.create(factory=first, at=NOON + timedelta(days=9), actual=3, goal=4)
    return first, second


def test_made_and_goal_are_summed_by_factory_and_day(halls):
    result = ask()
    one, two = result["factories"]
    assert (one["name"], one["actual"], one["goal"], one["percent"], one["reached_percent"]) == (
        "Hall 1",
        33,
        34,
        97.06,
        50,
    )
    assert (two["actual"], two["goal"], two["percent"], two["reached_percent"]) == (0.3, 0.3, 100, 50)
    assert [day and (day["points"], day["percent"]) for day in one["over_time"]] == [(3, 100.0), (1, 75.0), None]
    assert result["total"]["points"] == 6
    assert [factory["name"] for factory in ask(factory=str(halls[1].pk))["factories"]] == ["Hall 2"]
    with pytest.raises(InvalidInput):
        ask(factory="999999")


def test_where_nothing_was_to_be_made_there_is_no_share(halls):
    nothing = ask(**{"from": "2026-01-01", "to": "2026-01-02"})
    assert (nothing["factories"], nothing["total"]["percent"]) == ([], None)
    ProductionPoint.objects.filter(factory=halls[1]).update(goal=0)
    two = ask()["factories"][1]
    assert (two["percent"], two["points"]) == (None, 2)
    assert len(present_production(ask(), {}).charts) == 2


def test_points_after_a_moment_do_not_count_as_of_it(halls):
    kept = spell_json(ask(as_of=NOON))
    for minutes in (1, 50):
        ProductionPoint.objects.create(factory=halls[0], at=NOON + timedelta(minutes=minutes), actual=1, goal=9)
    make_factory(name="Hall 0")
    assert spell_json(ask(as_of=NOON)) == kept


def test_a_row_leads_to_the_factory_and_its_points(halls):
    maintainer = make_user()
    page, api = session_client(maintainer), ApiClient(bearer=make_access_token(maintainer))
    by_factory, over_time = present_production(ask(), {}).tables
    led = [(row.cells[-1], row.drill) for row in (*by_factory.rows, *over_time.rows)]
    assert len(led) == 5
    for points, drill in led:
        assert api.get(drill.api).json()["count"] == points
        shown = page.get(drill.admin)
        assert shown.status_code == 200
        assert shown.context["total"] == points


def test_a_stranger_is_told_nothing(halls):
    assert ask(actor=Actor())["factories"] == []
