"""What a factory makes, in the back office: seen by day, appended by line."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from tracker.models import Factory, ProductionPoint
from tracker.testing.factories import make_factory, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/tracker/factory/"


@pytest.fixture
def factory():
    return make_factory([(24, 30), (30, 30)], name="Hall <1>", timezone="Asia/Tokyo")


def page_of(factory: Factory) -> str:
    return f"{LIST}{factory.pk}/production/"


def test_the_page_shows_chart_table_and_how_much_of_the_goal_was_made(maintainer_client: Client, factory: Factory):
    text = maintainer_client.get(page_of(factory)).content.decode()
    assert "2 points. 90.0% of the goal was made." in text
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="chart"' in text
    assert "<desc" in text
    assert "80.0%" in text
    assert "Hall &lt;1&gt;" in text
    assert "Hall <1>" not in text
    assert 'class="chart"' in maintainer_client.get(f"{LIST}{factory.pk}/change/").content.decode()


def test_days_are_those_of_the_factory(maintainer_client: Client, factory: Factory):
    ProductionPoint.objects.create(factory=factory, at=datetime(2021, 1, 20, 15, tzinfo=UTC), actual=7, goal=9)
    assert maintainer_client.get(f"{page_of(factory)}?from=2021-01-21&to=2021-01-21").context["total"] == 1
    empty = maintainer_client.get(f"{page_of(factory)}?to=2021-01-20")
    assert "Nothing is known of this period" in empty.content.decode()
    assert "A day such as" in maintainer_client.get(f"{page_of(factory)}?from=yesterday").content.decode()


def test_lines_are_appended_on_the_clocks_of_the_factory(maintainer_client: Client):
    factory = make_factory(timezone="Asia/Tokyo")
    lines = "2021-01-21 00:00, 31, 32\n\n2021-01-21 00:01;30,5;32\n"
    answer = maintainer_client.post(page_of(factory), {"points": lines})
    assert "Point 2: Must be a number." in answer.content.decode()
    assert not ProductionPoint.objects.exists()
    lines = "2021-01-21 00:00, 31, 32\n1611154860\t30.5\t32\n"
    assert maintainer_client.post(page_of(factory), {"points": lines}, follow=True).redirect_chain
    moments = list(ProductionPoint.objects.order_by("at").values_list("at", "actual"))
    assert moments == [(datetime(2021, 1, 20, 15, 0, tzinfo=UTC), 31), (datetime(2021, 1, 20, 15, 1, tzinfo=UTC), 30.5)]
    again = maintainer_client.post(page_of(factory), {"points": "2021-01-21, 9, 9"})
    assert "has other figures already" in again.content.decode()


@pytest.mark.parametrize("line", ["", "1, 2", "now, 1, 2", "5, nan, 2", "5, 1, inf", "-5, 1, 2", "9" * 30 + ", 1, 2"])
def test_a_line_that_is_no_point_is_refused(maintainer_client: Client, line: str):
    factory = make_factory()
    assert maintainer_client.post(page_of(factory), {"points": line}).context["form"].errors
    assert not ProductionPoint.objects.exists()


def test_a_factory_that_is_gone_leads_back_to_the_list_and_strangers_do_not_get_in(
    client: Client, maintainer_client: Client, factory: Factory
):
    assert maintainer_client.get(f"{LIST}999999/production/")["Location"] == LIST
    for person in (None, make_user("reporter")):
        if person is not None:
            client.force_login(person)
        for ask in (client.get, client.post):
            assert ask(page_of(factory))["Location"].startswith("/admin/login/")
    assert ProductionPoint.objects.count() == 2
