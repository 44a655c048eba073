"""/analysis: the keys that old clients know, and more; nonsense is named, and nobody sees more than their list."""

from datetime import UTC, datetime

import pytest

from incidents.testing.incident_factories import category_of, make_incident
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Factory
from tracker.testing.factories import ApiClient, jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db


def test_the_answer_has_the_keys_that_were_promised_and_more():
    project, depot = make_project(key="OPS"), Factory.objects.create(name="Depot")
    make_incident(
        project=project, factory=depot, latitude=43.6557, longitude=-79.3837, place="Annex", loss_estimate="12.50",
        recovery="recovered", occurred_at=datetime(2017, 12, 8, 23, tzinfo=UTC),
    )  # fmt: skip
    make_incident(recovery="missing", occurred_at=datetime(2017, 12, 9, 1, tzinfo=UTC), category=category_of("outage"))
    told = token_client("read").get("/analysis").json()
    assert (told["total_incidents"], told["by_category"]["theft"], told["by_category"]["outage"]) == (2, 1, 1)
    assert told["by_category"]["vandalism"] == 0
    assert told["recovery"] == {"recovered": 1, "missing": 1, "rate": 0.5}
    assert told["loss"] == {"total": 12.5, "incidents": 1}
    assert told["by_status"]["OPEN"] == 2
    assert [(one["first_day"], one["by_category"]) for one in told["over_time"]] == [
        ("2017-12-08", {"theft": 1}),
        ("2017-12-09", {"outage": 1}),
    ]
    assert (told["by_weekday_and_hour"][4][23], told["by_weekday_and_hour"][5][1]) == (1, 1)
    (spot,) = told["hot_spots"]
    assert (spot["incidents"], spot["place"], spot["by_category"]) == (1, "Annex", {"theft": 1})
    assert told["period"] == {"from": None, "to": None}
    query = f"from=2017-12-08&to=2017-12-08&project=ops&factory={depot.pk}&category=theft"
    narrowed = token_client("read").get(f"/analysis?{query}").json()
    assert narrowed["total_incidents"] == 1
    assert narrowed["period"] == {"from": "2017-12-08T00:00:00Z", "to": "2017-12-09T00:00:00Z"}


def test_reporters_count_their_own():
    reporter = make_user(Role.REPORTER)
    make_incident(actor=Actor.of_user(reporter))
    make_incident()
    assert jwt_client(reporter).get("/analysis").json()["total_incidents"] == 1
    assert jwt_client(make_user(Role.MAINTAINER)).get("/analysis").json()["total_incidents"] == 2


def test_nobody_and_other_tokens_count_nothing():
    assert ApiClient().get("/analysis").status_code == 401
    refused = token_client("ingest").get("/analysis")
    assert (refused.status_code, "read" in refused.json()["error"]["message"]) == (403, True)
    assert token_client("read").post("/analysis", {}).status_code == 405


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=soon", "from"),
        ("to=2017-13-01", "to"),
        ("from=2017-01-02&to=2017-01-01", "to"),
        ("project=NONE", "project"),
        ("factory=-1", "factory"),
        ("factory=%00", "factory"),
        ("category=x", "category"),
        ("since=2017-01-01", "since"),
        ("from=2017-01-01&from=2017-01-02", "from"),
    ],
)
def test_nonsense_is_named(query, field):
    refused = token_client("read").get(f"/analysis?{query}")
    assert refused.status_code == 400
    assert [fault["field"] for fault in refused.json()["error"]["details"]] == [field]
