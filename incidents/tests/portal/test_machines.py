"""Who sends or wants JSON at /incidents gets what /v1/incidents answers, by the same rights."""

import pytest

from incidents.models import Incident
from incidents.testing.incident_factories import make_incident
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import ApiClient, jwt_client, make_user, session_client, token_client

pytestmark = pytest.mark.django_db
BODY = {"category": "theft", "description": "My bicycle is gone."}
JSON = {"headers": {"Accept": "application/json"}}


def test_a_machine_reports_and_reads_what_it_reported():
    client = jwt_client(make_user(Role.REPORTER))
    answer = client.post("/incidents", BODY)
    assert (answer.status_code, answer["Location"]) == (201, f"/v1/incidents/{Incident.objects.get().pk}")
    assert answer.json() == client.get(answer["Location"]).json()
    assert client.get("/incidents", **JSON).json()["count"] == 1
    assert client.get(f"/incidents/{Incident.objects.get().pk}", **JSON).json()["description"] == BODY["description"]
    assert token_client("incidents").post("/incidents", BODY).status_code == 201


def test_refusals_are_the_apis(settings):
    settings.INCIDENT_PORTAL_ANONYMOUS = True
    foreign = make_incident(actor=Actor.of_user(make_user(Role.REPORTER)))
    assert ApiClient().post("/incidents", BODY).json()["error"]["type"] == "not_authenticated"
    assert token_client("read").post("/incidents", BODY).status_code == 403
    client = session_client(make_user(Role.REPORTER), enforce_csrf_checks=True)
    assert client.post("/incidents", BODY).json()["error"]["type"] == "permission_denied"
    faulty = jwt_client(make_user(Role.REPORTER)).post("/incidents", {**BODY, "ip": "1.2.3.4"})
    assert [detail["field"] for detail in faulty.json()["error"]["details"]] == ["ip"]
    for number in (foreign.pk, foreign.pk + 1000, "x"):
        answer = client.get(f"/incidents/{number}", **JSON)
        assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found")
    assert client.get("/incidents/follow/x", **JSON).json()["error"]["type"] == "not_found"
    assert Incident.objects.count() == 1
