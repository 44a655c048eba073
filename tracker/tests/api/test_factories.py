"""Factories over the API: made flat or as old clients do it, read, corrected, and drawn."""

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from tracker.choices import Role
from tracker.models import Event, Factory, ProductionPoint
from tracker.production import UNEQUAL
from tracker.testing.factories import jwt_client, make_factory, make_user, session_client, token_client

pytestmark = pytest.mark.django_db
FACTORIES = "/v1/factories"
ACTUAL, GOAL, TIME = "sprocket_production_actual", "sprocket_production_goal", "time"
SERIES = {ACTUAL: [32, 29.5, 31], GOAL: [32, 30, 31], TIME: [1611194818, 1611194878, 1611194938]}


def wrapped(**changes):
    """The body of an old client; a change to None leaves the key out."""
    series = {**SERIES, **changes}
    return {"factory": {"chart_data": {name: value for name, value in series.items() if value is not None}}}


@pytest.fixture
def client():
    return session_client(make_user(Role.MAINTAINER))


def test_the_wrapped_form_of_old_clients_makes_a_factory_with_a_name_and_an_address(client):
    answer = client.post(FACTORIES, wrapped())
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["chart_data"], made["points_count"]) == ("Factory 1", SERIES, 3)
    assert answer["Location"] == f"{FACTORIES}/{made['id']}"
    assert client.get(answer["Location"]).json() == made
    assert client.post(FACTORIES, wrapped()).json()["name"] == "Factory 2"


def test_a_nameless_factory_takes_no_name_that_somebody_has(client):
    make_factory(name="Factory 2")
    assert client.post(FACTORIES, wrapped()).json()["name"] == "Factory 3"


def test_the_flat_form_names_place_and_zone_and_takes_moments(client):
    series = {**SERIES, TIME: ["2021-01-21T02:06:58Z", "2021-01-21T03:07:58+01:00", 1611194938.5]}
    body = {"name": "Lyon 1", "place": "Lyon", "timezone": "Europe/Paris", "chart_data": series}
    made = client.post(FACTORIES, body).json()
    assert made["chart_data"][TIME] == [1611194818, 1611194878, 1611194938.5]
    assert client.post(FACTORIES, {"name": "Empty"}).json()["chart_data"] == {ACTUAL: [], GOAL: [], TIME: []}
    assert client.post(FACTORIES, body).status_code == 409


@pytest.mark.parametrize(
    ("body", "message", "field", "index"),
    [
        ([], "Invalid JSON structure.", "factory", None),
        ({"factory": 1}, "Invalid JSON structure.", "factory", None),
        ({"factory": {"chart_data": []}}, "Invalid JSON structure.", "chart_data", None),
        (wrapped(**{TIME: 5}), "Invalid JSON structure.", "chart_data.time", None),
        ({}, "Missing required field: chart_data", "chart_data", None),
        ({"factory": {}}, "Missing required field: chart_data", "chart_data", None),
        (wrapped(**{GOAL: None}), f"Missing required field: {GOAL}", f"chart_data.{GOAL}", None),
        (wrapped(**{ACTUAL: [1, 2]}), UNEQUAL, "chart_data", None),
        (wrapped(**{ACTUAL: [1, "2", 3]}), "Must be a number.", f"chart_data.{ACTUAL}", 1),
        (wrapped(**{ACTUAL: [1, True, 3]}), "Must be a number.", f"chart_data.{ACTUAL}", 1),
        (wrapped(**{GOAL: [1, None, 3]}), "Must be a number.", f"chart_data.{GOAL}", 1),
        (wrapped(**{GOAL: [1, 2, 1e300]}), "Must be a number of at most 1,000,000,000,000.", f"chart_data.{GOAL}", 2),
        (wrapped(**{TIME: [1, 3, 3]}), "Times must increase from point to point.", "chart_data.time", 2),
        (wrapped(**{TIME: [1, 3, 2]}), "Times must increase from point to point.", "chart_data.time", 2),
        (wrapped(**{TIME: [-1, 3, 4]}), "Must be Unix seconds from 1970 on, not milliseconds.", "chart_data.time", 0),
        (wrapped(**{TIME: [1, 2, 1718603750712]}), "Must be Unix seconds from 1970 on, not milliseconds.",
         "chart_data.time", 2),
        (wrapped(**{TIME: [1, 2, "2021-01-21T02:06:58"]}),
         "Must be Unix seconds, or a moment as in RFC 3339 with its zone.", "chart_data.time", 2),
        (wrapped(**{TIME: [1, 2, 4102444800]}), "Must not be more than 5 minutes in the future.", "time", 2),
        (wrapped(shifts=[1, 2, 3]), None, "chart_data.shifts", None),
        ({"factory": {"chart_data": SERIES, "id": 7}}, None, "factory.id", None),
        ({"name": "A", "timezone": "Mars/Base"}, None, "timezone", None),
        ({"name": 5}, "Must be a text.", "name", None),
        ({"name": "A\u0000"}, None, None, None),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named_and_nothing_is_kept(client, body, message, field, index):
    answer = client.post(FACTORIES, body)
    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    if message:
        assert error["message"] == message
    if field:
        assert error["details"][0]["field"] == field
        assert error["details"][0].get("index") == index
    assert not Factory.objects.exists()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_what_is_no_number_in_json_is_refused(client, text):
    body = json.dumps(wrapped()).replace("29.5", text)
    assert client.post(FACTORIES, body).status_code == 400
    assert not Factory.objects.exists()


@pytest.mark.bulk
def test_more_points_than_a_factory_may_have_are_refused_and_as_many_as_it_may_are_taken(client):
    many = {ACTUAL: [1] * 100_000, GOAL: [2] * 100_000, TIME: list(range(100_000))}
    made = client.post(FACTORIES, {"factory": {"chart_data": many}})
    assert made.status_code == 201
    assert ProductionPoint.objects.count() == 100_000
    more = {"chart_data": {ACTUAL: [1], GOAL: [1], TIME: [100_000]}}
    assert client.post(f"{made['Location']}/points", more).status_code == 400
    picture = client.get(f"{made['Location']}/chart").content
    assert len(picture) < 60_000
    too_many = {name: [*values, 100_000] for name, values in many.items()}
    assert client.post(FACTORIES, {"factory": {"chart_data": too_many}}).status_code == 400


def test_lists_leave_series_out_unless_they_are_asked_for(client, monkeypatch):
    factory = make_factory([(1, 2), (3, 4)], name="B")
    make_factory(name="A")
    listed = client.get(FACTORIES).json()
    assert (listed["count"], [row["name"] for row in listed["results"]]) == (2, ["A", "B"])
    assert "chart_data" not in listed["results"][1]
    assert listed["results"][1]["points_count"] == 2
    whole = client.get(f"{FACTORIES}?chart_data=1&search=b").json()["results"]
    assert whole == [client.get(f"{FACTORIES}/{factory.pk}").json()]
    monkeypatch.setattr("tracker.api.factories.MOST_POINTS_IN_LIST", 1)
    assert client.get(f"{FACTORIES}?chart_data=1").status_code == 400
    assert client.get(f"{FACTORIES}?chart_data=yes").status_code == 400


def test_an_admin_corrects_a_series_and_the_version_says_so():
    factory, client = make_factory([(1, 2), (3, 4)]), jwt_client(make_user(Role.ADMIN))
    address = f"{FACTORIES}/{factory.pk}"
    tag = client.get(address)["ETag"]
    corrected = client.patch(address, {"place": "Lyon", "chart_data": SERIES}, headers={"If-Match": tag})
    assert corrected.json()["chart_data"] == SERIES
    assert corrected["ETag"] != tag
    assert client.patch(address, {"place": "Nice"}, headers={"If-Match": tag}).status_code == 412
    assert client.patch(address, {"chart_data": SERIES})["ETag"] == corrected["ETag"]
    assert client.patch(address, {}).status_code == 400
    assert client.delete(address).status_code == 204
    assert client.get(address).json()["error"]["message"] == "Factory not found."
    verbs = list(Event.objects.filter(object_type="factory").order_by("id").values_list("verb", flat=True))
    assert verbs == ["factory.updated", "factory.corrected", "factory.deleted"]


def test_a_reporter_reads_and_writes_nothing():
    factory, client = make_factory([(1, 2)]), session_client(make_user(Role.REPORTER))
    assert client.get(f"{FACTORIES}/{factory.pk}").json()["chart_data"][ACTUAL] == [1]
    assert client.post(FACTORIES, wrapped()).status_code == 403
    assert client.post(f"{FACTORIES}/{factory.pk}/points", [{"time": 1, "actual": 1, "goal": 1}]).status_code == 403
    assert ProductionPoint.objects.count() == 1


def test_a_token_needs_the_scope_of_the_catalogue():
    assert token_client("read").post(FACTORIES, wrapped()).status_code == 403
    assert token_client("catalog").post(FACTORIES, wrapped()).status_code == 201


def test_the_chart_is_a_picture_of_goal_and_actual_in_the_period_asked_for(client):
    made = client.post(FACTORIES, {"name": EVIL, "timezone": "Asia/Tokyo", "chart_data": SERIES}).json()
    address = f"{FACTORIES}/{made['id']}/chart"
    answer = client.get(address, headers={"Accept": "text/html"})
    root = ElementTree.fromstring(answer.content)  # noqa: S314 - our own
    assert answer["Content-Type"] == "image/svg+xml"
    words = {one.text for one in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Goal", "Actual", "11:07:30"} <= words
    assert EVIL.encode() not in answer.content
    described = root.findtext("{http://www.w3.org/2000/svg}desc")
    assert "Actual: 3 figures, from 32 (21 Jan 2021, 11:06) to 31 (21 Jan 2021, 11:08)" in described
    assert b"circle" not in client.get(f"{address}?to=2021-01-20").content
    assert client.get(f"{address}?from=yesterday").status_code == 400
    assert client.get(f"{FACTORIES}/999999/chart").json()["error"]["message"] == "Factory not found."


EVIL = "<script>alert(1)</script>"


def test_points_are_kept_in_utc_to_the_microsecond(client):
    client.post(FACTORIES, wrapped(**{TIME: [0, 0.000001, 1611194818.25]}))
    assert list(ProductionPoint.objects.order_by("at").values_list("at", flat=True)) == [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, microsecond=1, tzinfo=UTC),
        datetime(2021, 1, 21, 2, 6, 58, 250_000, tzinfo=UTC),
    ]
