"""What was found out, over the API: for staff, and for nobody's reporter."""

from ipaddress import ip_network

import pytest

from incidents.services.enriching import enrich_due
from incidents.services.incidents import Origin
from incidents.testing.incident_factories import make_incident
from incidents.testing.lookups import RunningLookUps
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user

pytestmark = pytest.mark.django_db


def test_staff_reads_each_providers_answer_and_has_it_look_again():
    incident = make_incident(origin=Origin(ip="81.2.69.142"))
    enrich_due()
    client = jwt_client(make_user(Role.MAINTAINER))
    rows = {row["provider"]: row for row in client.get(f"/v1/incidents/{incident.key}/enrichments").json()["results"]}
    assert rows["geoip"]["state"] == "done"
    assert rows["geoip"]["answer"]["city"] == "Willesden"
    assert (rows["place"]["state"], rows["place"]["error"]) == ("skipped", "no coordinates are known")
    answer = client.post(f"/v1/incidents/{incident.pk}/enrich")
    assert (answer.status_code, answer.json()["enrichment"]) == (202, "ENRICHING")
    assert client.post(f"/v1/incidents/{incident.pk}/enrich", {"provider": "x"}).status_code == 400


def test_a_reporter_learns_nothing_of_what_was_found_out_about_the_own_report():
    reporter = make_user(Role.REPORTER)
    incident = make_incident(actor=Actor.of_user(reporter), origin=Origin(ip="81.2.69.142"))
    client = jwt_client(reporter)
    assert client.get(f"/v1/incidents/{incident.pk}/enrichments").status_code == 403
    assert client.post(f"/v1/incidents/{incident.pk}/enrich").status_code == 403


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("81.2.69.142", ["/lookup/81.2.69.142"]),
        ("9.9.9.9, 81.2.69.142", ["/lookup/81.2.69.142"]),
        ("81.2.69.142/../../admin?x=", []),
        ("81.2.69.142%2f..%2f..", []),
        ("169.254.169.254", []),
        ("10.1.2.3", []),
    ],
)
def test_no_header_leads_the_outside_provider_elsewhere(settings, header, asked):
    with RunningLookUps() as provider:
        settings.ENRICHMENT_URL = provider.url("/lookup/{ip}")
        settings.OUTGOING_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
        body = {"category": "theft", "title": "Bicycle gone"}
        client = jwt_client(make_user(Role.MAINTAINER))
        # Believed from nobody, then from the operator's own proxy.
        for proxies, paths in (([], []), ([ip_network("127.0.0.1/32")], asked)):
            settings.TRUSTED_PROXIES = proxies
            answer = client.post("/v1/incidents", body, headers={"X-Forwarded-For": header})
            assert answer.status_code == 201, answer.content
            enrich_due()
            assert [call.path for call in provider.calls] == paths
