"""Points of production: appended once, in order, all or none; read in pages; taken out by a period."""

import pytest

from tracker.choices import Role
from tracker.models import Event, Factory, ProductionPoint
from tracker.testing.factories import make_factory, make_user, session_client

pytestmark = pytest.mark.django_db
ACTUAL, GOAL, TIME = "sprocket_production_actual", "sprocket_production_goal", "time"
START = 1611194818


def points(*seconds, actual=5.0):
    return [{"time": START + second, "actual": actual, "goal": 6} for second in seconds]


@pytest.fixture
def client():
    return session_client(make_user(Role.MAINTAINER))


@pytest.fixture
def address():
    return f"/v1/factories/{make_factory().pk}/points"


def test_points_are_appended_as_a_list_as_a_series_or_alone(client, address):
    assert client.post(address, points(0, 60)).json() == {"added": 2, "unchanged": 0, "points_count": 2}
    series = {ACTUAL: [1, 2], GOAL: [3, 4], TIME: [START + 120, START + 180]}
    assert client.post(address, {"chart_data": series}).status_code == 201
    assert (
        client.post(address, {"factory": {"chart_data": {**series, TIME: [START + 240, START + 300]}}}).json()["added"]
        == 2
    )
    assert client.post(address, {"points": points(360)}).json()["added"] == 1
    assert client.post(address, points(420)[0]).json()["points_count"] == 8
    factory = Factory.objects.get()
    assert (factory.points_count, factory.last_point_at.timestamp()) == (8, START + 420)
    assert Event.objects.filter(verb="factory.produced").count() == 5


def test_points_that_are_sent_again_change_nothing(client, address):
    client.post(address, points(0, 60, 120))
    told = client.post(address, points(60, 120, 180)).json()
    assert told == {"added": 1, "unchanged": 2, "points_count": 4}
    assert client.post(address, points(0, 180)).json()["added"] == 0
    assert Event.objects.filter(verb="factory.produced").count() == 2


@pytest.mark.parametrize(
    ("body", "index"),
    [(points(30, 240), 0), (points(60, 240, actual=9), 0), (points(240, 200), 1), ([*points(240), {"time": 1}], 1)],
)
def test_points_that_do_not_come_after_the_last_one_are_refused_with_all_that_came_with_them(
    client, address, body, index
):
    client.post(address, points(0, 60, 120))
    answer = client.post(address, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["index"] == index
    assert ProductionPoint.objects.count() == 3


@pytest.mark.parametrize(
    "body",
    [[], {}, 5, [5], {"points": 1}, {"points": []}, {"chart_data": {}, "points": []}, [{**points(0)[0], "x": 1}]],
)
def test_what_holds_no_points_is_refused(client, address, body):
    assert client.post(address, body).status_code == 400
    assert not ProductionPoint.objects.exists()


def test_points_come_in_pages_within_a_period_on_the_clocks_of_the_factory(client):
    factory = make_factory(timezone="Asia/Tokyo")
    address = f"/v1/factories/{factory.pk}/points"
    # 14:59, 15:00 and 16:00 in UTC: before and after midnight in Tokyo.
    client.post(
        address, [{"time": f"2021-01-20T{at}:00Z", "actual": 1, "goal": 2} for at in ("14:59", "15:00", "16:00")]
    )
    first = client.get(f"{address}?limit=2").json()
    assert (first["count"], [row["at"][11:16] for row in first["results"]]) == (3, ["14:59", "15:00"])
    assert [row["at"][11:16] for row in client.get(first["next"]).json()["results"]] == ["16:00"]
    assert client.get(f"{address}?cursor=&limit=2&ordering=-time").json()["results"][0]["actual"] == 1
    assert client.get(f"{address}?from=2021-01-21").json()["count"] == 2
    assert client.get(f"{address}?to=2021-01-20").json()["count"] == 1
    assert client.get(f"{address}?from=2021-01-20T15:00:00Z&to=1611158400").json()["count"] == 1
    assert client.get(f"{address}?from=2021-01-22&to=2021-01-20").status_code == 400
    assert client.get(f"{address}?from=\u0662\u0660\u0662\u0661-01-20").status_code == 400


def test_an_admin_takes_a_period_out_and_names_it(client, address):
    client.post(address, points(0, 60, 120))
    assert client.delete(f"{address}?from={START}").status_code == 403
    admin = session_client(make_user(Role.ADMIN))
    assert admin.delete(address).status_code == 400
    assert admin.delete(f"{address}?from={START + 60}").status_code == 204
    factory = Factory.objects.get()
    assert (factory.points_count, factory.last_point_at.timestamp()) == (1, START)
    assert client.post(address, points(60)).json()["points_count"] == 2


def test_points_of_a_factory_that_is_not_there_are_not_found(client):
    for address in ("/v1/factories/999999/points", "/v1/factories/x/points"):
        assert client.get(address).json()["error"]["message"] == "Factory not found."
        assert client.post(address, points(0)).status_code == 404
