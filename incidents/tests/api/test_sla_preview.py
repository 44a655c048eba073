"""/v1/sla/preview: asking what another policy would do, waiting for it, and publishing it."""

import pytest

from incidents.models import PolicyTrial, PolicyVersion
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_versions import publish_version
from incidents.sla.documents import RuleSpec
from incidents.testing.ticket_events import SYSTEM, at
from incidents.tests.trials.courses import OFFICE, ingest_courses, promise
from tracker.testing.factories import ApiClient, jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db
POLICY = {"fallback": {"response": 5, "resolution": 50}, "applies_to": "rebase"}


@pytest.fixture
def admin() -> ApiClient:
    return jwt_client(make_user("admin"))


def test_a_preview_is_asked_for_waited_for_read_and_published(admin: ApiClient, move_clock):
    move_clock(to=at(600))
    ingest_courses(12, seed=1)
    asked = admin.post("/v1/sla/preview", {"policy": POLICY, "backtest_days": 30, "note": "Quick"})
    assert asked.status_code == 202, asked.content
    address = asked["Location"]
    waiting = admin.get(address).json()
    assert (waiting["state"], waiting["result"], waiting["applies_to"]) == ("pending", None, "rebase")
    assert admin.post(f"{address}/apply", {"applies_to": "open"}).status_code == 409
    assert run_waiting_trials() == 1
    ready = jwt_client(make_user("maintainer")).get(address).json()
    assert (ready["state"], ready["progress"]) == ("ready", {"done": 12, "total": 12})
    assert (ready["based_on"], ready["published_as"], ready["backtest_days"]) == (1, None, 30)
    assert set(ready["result"]["open_tickets"]) == {"new", "open", "rebase"}
    assert ready["result"]["open_tickets"]["rebase"]["totals"]["breached"] > 0
    assert ready["result"]["backtest"]["totals"]["response"]["judged_percent"] is not None
    published = admin.post(f"{address}/apply", {"applies_to": "rebase"})
    assert published.status_code == 201, published.content
    assert published["Location"] == "/v1/sla/policies/2"
    assert (published.json()["applies_to"], published.json()["note"]) == ("rebase", "Quick")
    assert admin.get(address).json()["published_as"] == 2
    assert admin.post(f"{address}/apply", {"applies_to": "rebase"}).status_code == 409


def test_after_another_version_it_is_refused(admin: ApiClient):
    address = admin.post("/v1/sla/preview", {"policy": POLICY})["Location"]
    run_waiting_trials()
    publish_version(actor=SYSTEM, document=promise(1, 2))
    refused = admin.post(f"{address}/apply", {"applies_to": "open"})
    assert refused.status_code == 409
    assert "changed since" in refused.json()["error"]["message"]
    assert PolicyVersion.objects.count() == 2


def test_calendars_alone_are_tried_in_the_words_of_the_file(admin: ApiClient):
    document = promise(1, 1, rules=(RuleSpec("*", "*", 30, 300, "office"),), calendars={"office": OFFICE})
    publish_version(actor=SYSTEM, document=document)
    answer = admin.post("/v1/sla/preview", {"calendars": {"office": {"hours": {"sun": [["10:00", "11:00"]]}}}})
    assert answer.status_code == 202, answer.content
    assert answer.json()["calendar"] == "office"
    assert answer.json()["policy"]["calendars"][0]["hours"] == {"sun": [["10:00", "11:00"]]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "policy"),
        ({"policy": POLICY, "calendars": {"x": {}}}, "policy"),
        ({"policy": {"fallback": {"response": 0}}}, "policy.fallback.response"),
        ({"policy": POLICY, "backtest_days": 0}, "backtest_days"),
        ({"policy": POLICY, "apply": True}, "apply"),
        ({"calendars": {"nobody's": {"hours": {"mon": [["09:00", "17:00"]]}}}}, "calendars.nobody's"),
        ({"calendars": {"office": {"hours": {"mon": [["17:00", "09:00"]]}}}}, "calendars.office.hours.mon[0]"),
    ],
)
def test_what_is_wrong_is_named(admin: ApiClient, body, field):
    answer = admin.post("/v1/sla/preview", body)
    assert answer.status_code == 400, answer.content
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [field]
    assert not PolicyTrial.objects.exists()


def test_a_list_costs_as_many_queries_for_few_as_for_many_and_leaves_the_large_parts_out(
    admin: ApiClient, django_assert_max_num_queries
):
    for _ in range(3):
        admin.post("/v1/sla/preview", {"policy": POLICY})
    with django_assert_max_num_queries(6):
        rows = admin.get("/v1/sla/preview?state=pending").json()["results"]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert len(rows) == 3
    assert not {"policy", "result", "document", "work"} & rows[0].keys()


def test_a_token_that_may_read_reads_and_does_not_ask(admin: ApiClient):
    address = admin.post("/v1/sla/preview", {"policy": POLICY})["Location"]
    token = token_client("read")
    assert token.get(address).status_code == 200
    assert token.post("/v1/sla/preview", {"policy": POLICY}).status_code == 403
    assert admin.delete(address).status_code == 204
    assert admin.get(address).status_code == 404
