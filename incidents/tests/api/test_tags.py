"""/v1/tags: words for everybody, kept in one spelling."""

import pytest

from incidents.models import Tag
from incidents.testing.factories import make_issue
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user

pytestmark = pytest.mark.django_db
TAGS = "/v1/tags"


def test_a_word_is_made_renamed_and_found():
    client = jwt_client(make_user(Role.MAINTAINER))
    tag = client.post(TAGS, {"name": "  Hall   2 "}).json()
    assert tag["name"] == "hall 2"
    assert client.post(TAGS, {"name": "HALL 2"}).status_code == 409
    assert client.patch(f"{TAGS}/{tag['id']}", {"name": "hall two"}).json()["name"] == "hall two"
    assert [row["name"] for row in client.get(f"{TAGS}?search=two").json()["results"]] == ["hall two"]
    assert client.delete(f"{TAGS}/{tag['id']}").status_code == 403


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "a,b"}, {"name": "x" * 51}, {"name": "x", "id": 5}])
def test_a_bad_word_is_refused(body):
    assert jwt_client(make_user(Role.MAINTAINER)).post(TAGS, body).status_code == 400
    assert not Tag.objects.exists()


def test_an_admin_takes_a_word_away_everywhere_and_a_reporter_only_reads():
    issue = make_issue(tags=["a"])
    reporter = jwt_client(make_user(Role.REPORTER))
    assert reporter.get(TAGS).json()["count"] == 1
    assert reporter.post(TAGS, {"name": "b"}).status_code == 403
    assert jwt_client(make_user(Role.ADMIN)).delete(f"{TAGS}/{Tag.objects.get().pk}").status_code == 204
    assert not issue.tags.exists()
