"""/v1/projects/{key}/issues: the issues of one project, and how reporters say where theirs belong."""

import pytest

from incidents.models import Issue
from incidents.testing.factories import make_issue, make_ticket
from tracker import clock
from tracker.choices import Role
from tracker.models import Project
from tracker.testing.factories import jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db


def test_a_member_reports_in_their_project_and_lists_their_own():
    reporter = make_user(Role.REPORTER)
    project = make_project(key="OPS", members=[reporter])
    make_issue(project=project, number=7)
    client = jwt_client(reporter)
    answer = client.post("/v1/projects/ops/issues", {"title": "Lamp broken"})
    assert (answer.status_code, answer.json()["key"]) == (201, "OPS-1")
    page = client.get("/v1/projects/OPS/issues?status=OPEN").json()
    assert [row["key"] for row in page["results"]] == ["OPS-1"]
    assert jwt_client(make_user()).get("/v1/projects/OPS/issues").json()["count"] == 2


def test_strangers_find_no_such_project():
    project, client = make_project(), jwt_client(make_user(Role.REPORTER))
    for name in (project.key, "NOSUCH"):
        assert client.get(f"/v1/projects/{name}/issues").status_code == 404
        assert client.post(f"/v1/projects/{name}/issues", {"title": "x"}).status_code == 404
    assert not Issue.objects.exists()


def test_a_token_reports_where_its_owner_may():
    reporter = make_user(Role.REPORTER)
    mine, other = make_project(owner=reporter), make_project()
    sender = token_client("issues", owner=reporter)
    assert sender.post(f"/v1/projects/{mine.key}/issues", {"title": "x"}).status_code == 201
    assert sender.post(f"/v1/projects/{other.key}/issues", {"title": "x"}).status_code == 404


def test_the_address_says_the_project_and_the_body_does_not():
    client = jwt_client(make_user())
    make_project(key="OPS")
    answer = client.post("/v1/projects/OPS/issues", {"title": "x", "project": "OPS"})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "project")


def test_an_archived_project_takes_nothing_new_and_keeps_what_it_has():
    client, project = jwt_client(make_user()), make_project(key="OLD", archived_at=clock.now())
    issue = make_issue(project=project, number=1)
    assert client.post("/v1/projects/OLD/issues", {"title": "x"}).status_code == 400
    assert client.get(f"/v1/issues/{issue.key}").status_code == 200
    assert client.get("/v1/projects/OLD/issues").json()["count"] == 1


@pytest.mark.parametrize("make", [make_issue, make_ticket])
def test_a_project_to_which_something_belongs_is_not_deleted(make):
    project = make_project()
    make(project=project)
    answer = jwt_client(make_user(Role.ADMIN)).delete(f"/v1/projects/{project.key}")
    assert (answer.status_code, answer.json()["error"]["type"]) == (409, "conflict")
    assert Project.objects.filter(pk=project.pk).exists()
