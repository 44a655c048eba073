"""A token has its scopes, and never more than its owner."""

import pytest

from incidents.testing.factories import make_issue, make_ticket
from incidents.testing.incident_factories import make_incident
from tracker.choices import Role, Scope
from tracker.testing.factories import make_user, token_client

pytestmark = pytest.mark.django_db
EVERY_SCOPE = tuple(map(str, Scope))


@pytest.mark.parametrize("address", ["/v1/issues", "/v1/incidents"])
def test_a_reporters_token_lists_what_the_reporter_sees(address):
    reporter = make_user(Role.REPORTER)
    make_issue(), make_incident()
    client = token_client(*EVERY_SCOPE, owner=reporter)
    assert client.get(address).json()["count"] == 0
    assert token_client(*EVERY_SCOPE).get(address).json()["count"] == 1


def test_a_reporters_token_finds_no_ones_incident_and_no_ticket():
    client, incident = token_client(*EVERY_SCOPE, owner=make_user(Role.REPORTER)), make_incident()
    assert client.get(f"/v1/incidents/{incident.pk}").status_code == 404
    assert client.get(f"/v1/incidents/{incident.pk}/enrichments").status_code == 403
    ticket = make_ticket()
    for address in ("/v1/tickets", f"/v1/tickets/{ticket.external_id}", "/v1/dashboard", "/v1/alerts"):
        assert client.get(address).status_code == 403


def test_a_reporters_token_sends_no_tickets_but_reports_as_the_reporter():
    reporter = make_user(Role.REPORTER)
    client = token_client(*EVERY_SCOPE, owner=reporter)
    assert client.post("/v1/tickets", []).status_code == 403
    made = client.post("/v1/incidents", {"category": "theft", "title": "Mine"})
    assert made.status_code == 201
    assert client.get("/v1/incidents").json()["count"] == 1
