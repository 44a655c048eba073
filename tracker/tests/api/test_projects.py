"""/v1/projects: who belongs where, and who gets to know of it."""

import pytest

from tracker.choices import Role
from tracker.models import Event, Project
from tracker.services.projects import ensure_inbox
from tracker.testing.factories import jwt_client, make_project, make_user, token_client

pytestmark = pytest.mark.django_db
PROJECTS = "/v1/projects"


@pytest.fixture
def client():
    return jwt_client(make_user(Role.MAINTAINER))


def test_a_project_is_made_with_its_people_and_found_by_key_and_id(client):
    owner, member = make_user(), make_user(Role.REPORTER)
    body = {"key": "OPS", "name": "Operations", "owner": owner.email, "members": [member.email.upper()]}
    answer = client.post(PROJECTS, body)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["owner"], told["members"], told["is_archived"]) == (owner.email, [member.email], False)
    assert answer["Location"] == f"{PROJECTS}/OPS"
    for name in ("OPS", "ops", told["id"]):
        assert client.get(f"{PROJECTS}/{name}").json() == told
    assert client.post(PROJECTS, body).status_code == 409


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "key"),
        ({"key": "ops", "name": "x"}, "key"),
        ({"key": "O", "name": "x"}, "key"),
        ({"key": "O-1", "name": "x"}, "key"),
        ({"key": "OPS", "name": ""}, "name"),
        ({"key": "OPS", "name": "x", "owner": "nobody@example.com"}, "owner"),
        ({"key": "OPS", "name": "x", "owner": "gone@example.com"}, "owner"),
        ({"key": "OPS", "name": "x", "owner_id": 1}, "owner_id"),
        ({"key": "OPS", "name": "x", "members": ["nobody@example.com"]}, "members"),
        ({"key": "OPS", "name": "x", "members": ["a@example.com"] * 501}, "members"),
    ],
)
def test_a_bad_project_names_the_field(client, body, field):
    make_user(email="gone@example.com", is_active=False)
    answer = client.post(PROJECTS, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field
    assert not Project.objects.exists()


def test_every_change_is_written_down(client):
    member, project = make_user(), make_project()
    path = f"{PROJECTS}/{project.key}"
    headers = {"If-Match": client.get(path)["ETag"]}
    body = {"name": "New", "members": [member.email]}
    assert client.patch(path, body, headers=headers).json()["members"] == [member.email]
    assert client.patch(path, {"name": "Newer"}, headers=headers).status_code == 412
    assert client.patch(path, {"key": "OTHER"}).status_code == 400
    assert client.patch(path, body).status_code == 200
    verbs = Event.objects.filter(object_type="project").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["project.updated", "project.members_set"]
    assert Event.objects.get(verb="project.members_set").after == {"members": [member.email]}


def test_an_archived_project_is_opened_again(client):
    path = f"{PROJECTS}/{make_project().key}"
    assert client.post(f"{path}/transition", {"is_archived": True}).json()["is_archived"] is True
    assert [row["is_archived"] for row in client.get(f"{PROJECTS}?is_archived=true").json()["results"]] == [True]
    assert client.get(f"{PROJECTS}?is_archived=false").json()["results"] == []
    assert client.post(f"{path}/transition", {"is_archived": False}).json()["archived_at"] is None
    assert client.post(f"{path}/transition", {}).status_code == 400


def test_the_inbox_is_never_archived(client):
    inbox = ensure_inbox()
    answer = client.post(f"{PROJECTS}/{inbox.key}/transition", {"is_archived": True})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (409, "is_archived")
    inbox.refresh_from_db()
    assert inbox.archived_at is None


def test_the_inbox_is_never_deleted_even_while_it_is_empty():
    admin, inbox = jwt_client(make_user(Role.ADMIN)), ensure_inbox()
    assert admin.delete(f"{PROJECTS}/{inbox.key}").status_code == 409
    assert Project.objects.filter(pk=inbox.pk).exists()


def test_a_key_that_is_none_is_told_what_a_key_is(client):
    answer = client.post(PROJECTS, {"key": "ops!", "name": "Operations"})
    assert answer.status_code == 400
    assert "2 to 12 capitals and digits" in answer.json()["error"]["message"]


def test_an_admin_deletes_what_is_empty(client):
    project = make_project(members=[make_user()])
    assert client.delete(f"{PROJECTS}/{project.key}").status_code == 403
    assert jwt_client(make_user(Role.ADMIN)).delete(f"{PROJECTS}/{project.key}").status_code == 204
    assert not Project.objects.exists()
    assert Event.objects.get(verb="project.deleted").before["key"] == project.key


def test_a_reporter_knows_of_their_own_projects_and_not_who_else_is_there():
    reporter = make_user(Role.REPORTER)
    owned, joined, foreign = make_project(owner=reporter), make_project(members=[reporter, make_user()]), make_project()
    client = jwt_client(reporter)
    assert {row["key"] for row in client.get(PROJECTS).json()["results"]} == {owned.key, joined.key}
    assert client.get(f"{PROJECTS}/{joined.key}").json()["members"] is None
    assert token_client("read").get(f"{PROJECTS}/{joined.key}").json()["members"] is None
    answers = [client.get(f"{PROJECTS}/{name}") for name in (foreign.key, foreign.pk, "NOSUCH")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({str({**answer.json()["error"], "request_id": ""}) for answer in answers}) == 1
    assert client.patch(f"{PROJECTS}/{owned.key}", {"name": "Mine"}).status_code == 403
