"""/v1/issues/{id}/comments: said, changed by whoever said it, and found through their own issue alone."""

import pytest

from incidents.models import Comment
from incidents.testing.factories import make_issue, make_issue_comment
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def reporter():
    return make_user(Role.REPORTER)


@pytest.fixture
def maintainer():
    return make_user(Role.MAINTAINER)


def test_comments_are_rendered_safely_and_listed_in_order(reporter, maintainer):
    issue = make_issue(reporter=reporter)
    path = f"/v1/issues/{issue.key}/comments"
    first = jwt_client(reporter).post(path, {"body": "*Still* broken <img src=x onerror=alert(1)>"})
    assert first.status_code == 201, first.content
    assert "<em>Still</em>" in first.json()["body_html"]
    assert "<img" not in first.json()["body_html"]
    jwt_client(maintainer).post(path, {"body": "Seen."})
    page = token_client("read").get(path).json()
    assert [(row["author"], row["author_name"]) for row in page["results"]] == [
        (reporter.email, reporter.full_name),
        (maintainer.email, maintainer.full_name),
    ]
    assert jwt_client(reporter).get(f"/v1/issues/{issue.pk}").json()["comment_count"] == 2


@pytest.mark.parametrize(
    "body", [{}, {"body": ""}, {"body": " \n"}, {"body": "x" * 65_537}, {"body": "x", "author": 1}]
)
def test_a_bad_comment_is_refused(maintainer, body):
    issue = make_issue()
    assert jwt_client(maintainer).post(f"/v1/issues/{issue.pk}/comments", body).status_code == 400
    assert not Comment.objects.exists()


def test_people_change_their_own_comment_and_nobody_elses(reporter, maintainer):
    issue = make_issue(reporter=reporter)
    comment = make_issue_comment(issue, reporter)
    path = f"/v1/issues/{issue.pk}/comments/{comment.pk}"
    answer = jwt_client(reporter).patch(path, {"body": "Better words."})
    assert (answer.status_code, answer.json()["edited_at"] is not None) == (200, True)
    for other in (maintainer, make_user(Role.ADMIN)):
        assert jwt_client(other).patch(path, {"body": "Mine now."}).status_code == 403
    assert jwt_client(reporter).delete(path).status_code == 403
    assert Comment.objects.get().body == "Better words."
    assert jwt_client(make_user(Role.ADMIN)).delete(path).status_code == 204


def test_a_change_needs_the_version_that_was_read(reporter):
    issue = make_issue(reporter=reporter)
    client, path = jwt_client(reporter), f"/v1/issues/{issue.pk}/comments/{make_issue_comment(issue, reporter).pk}"
    headers = {"If-Match": client.get(path)["ETag"]}
    assert client.patch(path, {"body": "One"}, headers=headers).status_code == 200
    assert client.patch(path, {"body": "Two"}, headers=headers).status_code == 412


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER, Role.ADMIN])
def test_a_comment_of_another_issue_looks_like_one_that_never_was(role):
    person = make_user(role)
    own, foreign = make_issue(reporter=person), make_issue()
    comment = make_issue_comment(foreign, person)
    client = jwt_client(person)
    for method, body in (("get", None), ("patch", {"body": "x"}), ("delete", None)):
        if method == "delete" and role != Role.ADMIN:
            continue
        answers = [
            getattr(client, method)(f"/v1/issues/{own.pk}/comments/{pk}", *([body] if body else []))
            for pk in (comment.pk, 999_999)
        ]
        bodies = [{**answer.json()["error"], "request_id": ""} for answer in answers]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert bodies[0] == bodies[1]
    assert Comment.objects.get().body == comment.body


def test_a_reporter_reaches_no_comment_of_an_issue_of_others(reporter):
    comment = make_issue_comment(make_issue(), reporter)
    client, path = jwt_client(reporter), f"/v1/issues/{comment.issue_id}/comments"
    answers = [
        client.get(path),
        client.post(path, {"body": "x"}),
        client.get(f"{path}/{comment.pk}"),
        client.patch(f"{path}/{comment.pk}", {"body": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert Comment.objects.count() == 1
