"""/v1/alerts: who may read and take on what has fired."""

import threading

import pytest
from django.db import connection

from incidents.services.alerts import acknowledge_alert
from incidents.testing.factories import make_alert, make_ticket
from tracker.access import Actor
from tracker.exceptions import Conflict
from tracker.models import Event
from tracker.testing.factories import ApiClient, jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintainer() -> ApiClient:
    return jwt_client(make_user("maintainer", email="mona@example.com"))


def test_an_alert_is_told_in_the_words_of_the_stream(maintainer):
    alert = make_alert(make_ticket(external_id="INC-1"))
    shown = maintainer.get(f"/v1/alerts/{alert.pk}").json()
    told = ("ticket_id", "sla_type", "state", "alert_state", "escalation_level", "percent", "acknowledged_by")
    assert [shown[name] for name in told] == ["INC-1", "resolution", "alert", "firing", 1, 85.0, None]
    assert shown["details"] == {"elapsed_minutes": 153, "target_minutes": 180, "percent_used": 85}


def test_a_maintainer_takes_an_alert_on_once(maintainer):
    address = f"/v1/alerts/{make_alert(make_ticket()).pk}/acknowledge"
    answer = maintainer.post(address).json()
    assert (answer["alert_state"], answer["acknowledged_by"]) == ("acked", "mona@example.com")
    assert maintainer.post(address).status_code == 409
    event = Event.objects.get(verb="alert.acknowledged")
    assert (event.actor_label, event.data["state"]) == ("mona@example.com", "alert")


@pytest.mark.parametrize("state", ["acked", "resolved", "withdrawn"])
def test_only_a_firing_alert_is_taken_on(maintainer, state):
    alert = make_alert(make_ticket(), state=state)
    assert maintainer.post(f"/v1/alerts/{alert.pk}/acknowledge").status_code == 409
    alert.refresh_from_db()
    assert alert.state == state


def test_who_may_not_learns_nothing_and_changes_nothing():
    alert = make_alert(make_ticket())
    clients = {jwt_client(make_user("reporter")): 403, token_client("ingest"): 403, ApiClient(): 401}
    for client, status in clients.items():
        assert client.get("/v1/alerts").status_code == status
        assert client.post(f"/v1/alerts/{alert.pk}/acknowledge").status_code == status
        assert client.post("/v1/alerts/999999/acknowledge").status_code == status
    alert.refresh_from_db()
    assert alert.state == "firing"


def test_a_token_reads_and_acknowledges_by_its_scopes():
    alert = make_alert(make_ticket())
    assert token_client("read").get("/v1/alerts").json()["count"] == 1
    refused = token_client("read").post(f"/v1/alerts/{alert.pk}/acknowledge")
    assert refused.status_code == 403
    assert "ack" in refused.json()["error"]["message"]
    assert token_client("ack").post(f"/v1/alerts/{alert.pk}/acknowledge").status_code == 200


def test_alerts_are_narrowed_and_listed_in_a_fixed_number_of_queries(maintainer, django_assert_max_num_queries):
    gold = make_ticket(external_id="INC-1")
    make_alert(gold, sla_state="breach", level=2, percent=100)
    for _ in range(10):
        make_alert(make_ticket(customer_tier="silver"), state="resolved")
    with django_assert_max_num_queries(6):
        assert maintainer.get("/v1/alerts").json()["count"] == 11
    queries = {
        "state=breach": 1, "alert_state=resolved": 10, "alert_state=firing,acked": 1, "ticket_id=INC-1": 1,
        "customer_tier=silver": 10, "min_level=2": 1, "sla_type=response": 0, "fired_after=2020-01-01T00:00:00Z": 11,
    }  # fmt: skip
    for query, count in queries.items():
        assert maintainer.get(f"/v1/alerts?{query}").json()["count"] == count, query
    for query in ("state=ok", "colour=red", "ordering=ticket__title"):
        assert maintainer.get(f"/v1/alerts?{query}").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_on_at_once_one_is_told_of_the_other():
    alert = make_alert(make_ticket())
    results: list[str] = []

    def acknowledge() -> None:
        try:
            acknowledge_alert(actor=Actor.system("test"), alert=type(alert).objects.get(pk=alert.pk))
            results.append("ok")
        except Conflict:
            results.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=acknowledge) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["conflict", "conflict", "conflict", "ok"]
    assert Event.objects.filter(verb="alert.acknowledged").count() == 1
