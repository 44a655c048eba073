"""/v1/incident-categories: read by all who are let in, edited by admins."""

import pytest

from incidents.models import IncidentCategory
from incidents.testing.incident_factories import make_incident
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user

pytestmark = pytest.mark.django_db
URL = "/v1/incident-categories"
SEEDED = ["theft", "suspicious", "vandalism", "safety", "outage", "other"]


@pytest.fixture
def admin():
    return jwt_client(make_user(Role.ADMIN))


def test_everybody_reads_them_in_their_order_and_only_admins_write():
    for role in (Role.REPORTER, Role.MAINTAINER):
        client = jwt_client(make_user(role))
        assert [row["key"] for row in client.get(URL).json()["results"]] == SEEDED
        assert client.post(URL, {"key": "fire", "name": "Fire"}).status_code == 403
        assert client.patch(f"{URL}/theft", {"name": "x"}).status_code == 403
        assert client.delete(f"{URL}/theft").status_code == 403


def test_an_admin_makes_renames_archives_and_deletes_one(admin):
    answer = admin.post(URL, {"key": "fire", "name": " Fire  alarm ", "position": 3})
    assert (answer.status_code, answer["Location"], answer.json()["name"]) == (201, f"{URL}/fire", "Fire alarm")
    for name in ("fire", answer.json()["id"]):
        assert admin.get(f"{URL}/{name}").json() == answer.json()
    headers = {"If-Match": answer["ETag"]}
    changed = admin.patch(f"{URL}/fire", {"name": "Fire", "is_archived": True}, headers=headers).json()
    assert (changed["name"], changed["is_archived"], changed["position"]) == ("Fire", True, 3)
    assert admin.patch(f"{URL}/fire", {"position": 1}, headers=headers).status_code == 412
    refused = admin.post("/v1/incidents", {"category": "fire", "title": "x"})
    assert refused.json()["error"]["details"][0]["field"] == "category"
    assert admin.delete(f"{URL}/fire").status_code == 204
    assert admin.get(f"{URL}/fire").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"key": "fire"}, 400),
        ({"key": "Fire!", "name": "Fire"}, 400),
        ({"key": "f", "name": "Fire"}, 400),
        ({"key": "fire", "name": "x" * 61}, 400),
        ({"key": "fire", "name": "Fire", "position": -1}, 400),
        ({"key": "fire", "name": "Fire", "position": 10**30}, 400),
        ({"key": "fire", "name": "Fire", "is_archived": True}, 400),
        ({"key": "theft", "name": "Fire"}, 409),
    ],
)
def test_a_bad_category_is_refused(admin, body, status):
    assert admin.post(URL, body).status_code == status
    assert IncidentCategory.objects.count() == len(SEEDED)


def test_the_key_stays_and_what_is_in_use_is_not_deleted(admin):
    make_incident()
    assert admin.patch(f"{URL}/theft", {"key": "robbery"}).status_code == 400
    assert admin.patch(f"{URL}/theft", {}).status_code == 400
    assert admin.delete(f"{URL}/theft").status_code == 409
