"""Alerts: seen, acknowledged once, never edited."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.choices import AlertState
from incidents.models import Alert
from incidents.testing.factories import make_alert, make_channel, make_delivery, make_policy, make_ticket
from tracker.models import Event, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/alert/"


@pytest.fixture(autouse=True)
def _policy(db: None) -> None:
    make_policy()


def page_of(alert: Alert, rest: str = "change/") -> str:
    return f"{LIST}{alert.pk}/{rest}"


def test_live_alerts_come_first_and_the_others_are_a_filter_away(maintainer_client: Client):
    alerts = {state: make_alert(make_ticket(), state=state) for state in AlertState}

    def shown(query: str) -> set[str]:
        return {alert.state for alert in maintainer_client.get(LIST + query).context["cl"].result_list}

    assert shown("") == {"firing", "acked"}
    assert shown("?state=withdrawn") == {"withdrawn"}
    assert shown("?state=all") == set(AlertState.values)
    page = maintainer_client.get(page_of(alerts[AlertState.WITHDRAWN])).content.decode()
    assert "arrived late" in page


def test_an_alert_is_acknowledged_once_through_the_service(maintainer_client: Client, maintainer: User):
    alert = make_alert(make_ticket())
    assert "Acknowledge" in maintainer_client.get(page_of(alert)).content.decode()
    maintainer_client.post(page_of(alert, "acknowledge/"))
    alert.refresh_from_db()
    assert (alert.state, alert.acknowledged_by) == ("acked", maintainer)
    answer = maintainer_client.post(page_of(alert, "acknowledge/"), follow=True)
    assert "only one that is firing" in answer.content.decode()
    assert Event.objects.filter(verb="alert.acknowledged").count() == 1


def test_ticked_alerts_are_acknowledged_all_or_none(maintainer_client: Client):
    firing, done = make_alert(make_ticket()), make_alert(make_ticket(), state="resolved")
    both = {"action": "acknowledge", "_selected_action": [firing.pk, done.pk], "index": 0}
    maintainer_client.post(f"{LIST}?state=all", both)
    firing.refresh_from_db()
    assert firing.state == "firing"
    maintainer_client.post(f"{LIST}?state=all", {**both, "_selected_action": [firing.pk]})
    firing.refresh_from_db()
    assert firing.state == "acked"


def test_the_page_tells_who_was_told(maintainer_client: Client):
    alert = make_alert(make_ticket())
    make_delivery(make_channel(name="night shift"), alert, status="dead", last_error="HTTP 500")
    page = maintainer_client.get(page_of(alert)).content.decode()
    for words in ("night shift", "Dead", "HTTP 500", "153"):
        assert words in page
    assert "very-secret-part" not in page


def test_the_list_costs_the_same_however_long(maintainer_client: Client):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            maintainer_client.get(LIST)
        assert all("LIMIT" in q["sql"] for q in queries if "COUNT(" in q["sql"])
        return len(queries)

    make_alert(make_ticket())
    few = count()
    for _ in range(60):
        make_alert(make_ticket())
    assert count() == few == 6


def test_nobody_edits_makes_or_deletes_an_alert(admin_client: Client, client: Client):
    alert = make_alert(make_ticket())
    assert admin_client.post(page_of(alert), {"state": "resolved"}).status_code == 403
    assert admin_client.post(page_of(alert, "delete/"), {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{LIST}add/", {}).status_code == 403
    client.force_login(make_user("reporter"))
    client.post(page_of(alert, "acknowledge/"))
    alert.refresh_from_db()
    assert alert.state == "firing"
