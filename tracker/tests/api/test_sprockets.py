"""Sprockets over the API: four measures, all above nothing; no key but those that may be written."""

import pytest

from tracker.choices import Role
from tracker.models import Event, Sprocket
from tracker.testing.factories import make_sprocket, make_user, session_client

pytestmark = pytest.mark.django_db
SPROCKETS = "/v1/sprockets"
MEASURES = {"teeth": 5, "pitch_diameter": 5, "outside_diameter": 6.5, "pitch": 1}


@pytest.fixture
def client():
    return session_client(make_user(Role.MAINTAINER))


def test_a_sprocket_is_made_read_and_changed_by_put_and_patch(client):
    answer = client.post(SPROCKETS, MEASURES)
    assert answer.status_code == 201
    address = answer["Location"]
    assert client.get(address).json() == answer.json()
    assert MEASURES.items() <= answer.json().items()
    assert client.put(address, {**MEASURES, "teeth": 7}).json()["teeth"] == 7
    changed = client.patch(address, {"name": "Small"})
    assert (changed.json()["name"], changed.json()["teeth"]) == ("Small", 7)
    assert client.patch(address, {"name": "Small"}).status_code == 200
    assert client.patch(address, {"teeth": 1}, headers={"If-Match": answer["ETag"]}).status_code == 412
    verbs = list(Event.objects.filter(object_type="sprocket").order_by("id").values_list("verb", flat=True))
    assert verbs == ["sprocket.created", "sprocket.updated", "sprocket.updated"]


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_is_needed_and_above_nothing(client, name):
    without = {key: value for key, value in MEASURES.items() if key != name}
    error = client.post(SPROCKETS, without).json()["error"]
    assert (error["message"], error["details"][0]["field"]) == (f"Missing required field: {name}", name)
    sprocket = make_sprocket()
    for wrong in (0, -1, 1e300, "5", None, True, [5], {}):
        answer = client.post(SPROCKETS, {**MEASURES, name: wrong})
        assert answer.status_code == 400
        assert answer.json()["error"]["details"][0]["field"] == name
        assert client.patch(f"{SPROCKETS}/{sprocket.pk}", {name: wrong}).status_code == 400
    assert Sprocket.objects.get() == sprocket


@pytest.mark.parametrize("key", ["id", "created_at", "source", "colour"])
def test_no_other_key_is_taken(client, key):
    sprocket = make_sprocket()
    for answer in (
        client.post(SPROCKETS, {**MEASURES, key: 7}),
        client.put(f"{SPROCKETS}/{sprocket.pk}", {**MEASURES, key: 7}),
    ):
        assert answer.status_code == 400
        assert answer.json()["error"]["details"][0]["field"] == key
    assert Sprocket.objects.get() == sprocket


def test_teeth_are_whole_and_a_sprocket_that_is_not_there_is_not_found(client):
    assert client.post(SPROCKETS, {**MEASURES, "teeth": 2.5}).status_code == 400
    assert client.post(SPROCKETS, {**MEASURES, "teeth": 2.0}).json()["teeth"] == 2
    assert client.get(f"{SPROCKETS}/999999").json()["error"]["message"] == "Sprocket not found."


def test_the_list_is_searched_and_filtered_and_a_reporter_only_reads(client):
    make_sprocket(name="Big", teeth=99)
    make_sprocket(name="Small")
    assert [row["name"] for row in client.get(f"{SPROCKETS}?teeth=99").json()["results"]] == ["Big"]
    assert client.get(f"{SPROCKETS}?search=sma").json()["count"] == 1
    reporter = session_client(make_user(Role.REPORTER))
    assert reporter.get(SPROCKETS).json()["count"] == 2
    assert reporter.post(SPROCKETS, MEASURES).status_code == 403
    assert reporter.put(f"{SPROCKETS}/{Sprocket.objects.first().pk}", MEASURES).status_code == 403


def test_only_an_admin_deletes(client):
    sprocket = make_sprocket()
    assert client.delete(f"{SPROCKETS}/{sprocket.pk}").status_code == 403
    assert session_client(make_user(Role.ADMIN)).delete(f"{SPROCKETS}/{sprocket.pk}").status_code == 204
    assert not Sprocket.objects.exists()
