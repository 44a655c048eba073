"""/v1/issues/bulk: many issues at once, each by itself, and none where one is out of reach."""

import pytest

from incidents.models import Issue
from incidents.testing.factories import make_issue
from tracker import clock
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db
BULK = "/v1/issues/bulk"


@pytest.fixture
def client():
    return jwt_client(make_user(Role.MAINTAINER))


def test_each_row_says_what_became_of_it(client):
    one, same, done = (
        make_issue(),
        make_issue(severity="high", tags=["x"]),
        make_issue(status="DONE", done_at=clock.now()),
    )
    body = {"ids": [done.pk, one.pk, same.pk], "changes": {"severity": "high"}, "add_tags": ["X"]}
    answer = client.post(BULK, body)
    assert answer.status_code == 200, answer.content
    rows = {row["key"]: row["result"] for row in answer.json()["results"]}
    assert rows == {done.key: "changed", one.key: "changed", same.key: "unchanged"}
    rows = client.post(BULK, {"ids": [done.pk, one.pk], "status": "TRIAGED", "remove_tags": ["x"]}).json()["results"]
    assert [row["result"] for row in rows] == ["refused", "changed"]
    assert rows[0]["error"]["type"] == "conflict"
    # What one row refuses is undone in that row alone.
    assert list(done.tags.values_list("name", flat=True)) == ["x"]
    assert not one.tags.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "ids"),
        ({"ids": []}, "ids"),
        ({"ids": list(range(1, 202))}, "ids"),
        ({"ids": ["x"]}, "ids.0"),
        ({"ids": [1]}, "changes"),
        ({"ids": [1], "changes": {"number": 5}}, "changes.number"),
        ({"ids": [1], "changes": {"severity": "bad"}}, "changes.severity"),
        ({"ids": [1], "status": "CLOSED"}, "status"),
        ({"ids": [1], "delete": True}, "delete"),
    ],
)
def test_a_bad_order_names_the_field(client, body, field):
    answer = client.post(BULK, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field


def test_an_id_out_of_reach_is_a_404_for_all():
    reporter = make_user(Role.REPORTER)
    own, foreign = make_issue(title="Own", reporter=reporter), make_issue(title="Foreign")
    client = jwt_client(reporter)
    for ids in ([own.pk, foreign.pk], [own.pk, 999_999]):
        assert client.post(BULK, {"ids": ids, "changes": {"title": "New"}}).status_code == 404
    assert set(Issue.objects.values_list("title", flat=True)) == {"Own", "Foreign"}


def test_a_reporter_gets_no_further_by_bulk_than_one_by_one():
    reporter = make_user(Role.REPORTER)
    own = make_issue(reporter=reporter)
    client = jwt_client(reporter)
    assert client.post(BULK, {"ids": [own.pk], "changes": {"severity": "high"}}).status_code == 400
    assert client.post(BULK, {"ids": [own.pk], "status": "TRIAGED"}).status_code == 403
    assert client.post(BULK, {"ids": [own.pk], "add_tags": ["x"]}).status_code == 400
    assert client.post(BULK, {"ids": [own.pk], "changes": {"title": "New"}}).json()["results"][0]["result"] == "changed"
    assert token_client("issues", "read").post(BULK, {"ids": [own.pk], "status": "TRIAGED"}).status_code == 403
