"""What was found out about an incident, on its page in the back office."""

import pytest
from django.test import Client

from incidents.choices import RunState
from incidents.models import EnrichmentRun, Incident
from incidents.services.enriching import enrich_due
from incidents.services.incidents import Origin
from incidents.testing.incident_factories import make_incident
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
HERE = {"latitude": 43.65, "longitude": -79.38}


def page(client: Client, incident: Incident) -> str:
    return client.get(f"/admin/incidents/incident/{incident.pk}/change/").content.decode()


def test_each_answer_is_shown_with_its_source_and_its_age(maintainer_client: Client):
    now = clock.now()
    first = make_incident(title="Red bicycle stolen", occurred_at=now, **HERE)
    incident = make_incident(title="Red bicycle <stolen>", occurred_at=now, origin=Origin(ip="81.2.69.142"), **HERE)
    enrich_due()
    shown = page(maintainer_client, incident)
    for words in ("Willesden", "2018-07-03", "Moss Park", "America/Toronto", "GeoNames", "0 m away"):
        assert words in shown
    assert f'href="/admin/incidents/incident/{first.pk}/change/"' in shown


def test_a_failure_is_shown_with_its_reason_and_what_a_provider_says_is_text(maintainer_client: Client):
    incident = make_incident()
    hostile = {"data": {"<script>alert(1)</script>": "<img src=x onerror=alert(2)>", "n": {"deep": 1}}, "sources": []}
    EnrichmentRun.objects.create(incident=incident, provider="http", state=RunState.DONE, answer=hostile)
    EnrichmentRun.objects.filter(incident=incident, provider="geoip").update(
        state=RunState.FAILED, error="the <b>disk</b> is slow", attempts=8
    )
    shown = page(maintainer_client, incident)
    assert "The &lt;b&gt;disk&lt;/b&gt; is slow (8 attempts)" in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_the_button_has_it_looked_up_anew_and_a_reporter_has_no_such_button(maintainer_client: Client):
    reporter = make_user(Role.REPORTER)
    incident = make_incident(actor=Actor.of_user(reporter), **HERE)
    enrich_due()
    address = f"/admin/incidents/incident/{incident.pk}/enrich/"
    assert f'action="{address}"' in page(maintainer_client, incident)
    assert maintainer_client.get(address).status_code == 403
    stranger = Client()
    stranger.force_login(reporter)
    assert stranger.post(address).status_code in (302, 403)
    assert Incident.objects.get(pk=incident.pk).enrichment == "ENRICHED"
    assert maintainer_client.post(address).status_code == 302
    assert Incident.objects.get(pk=incident.pk).enrichment == "ENRICHING"
    assert set(EnrichmentRun.objects.values_list("state", flat=True)) == {RunState.PENDING}
