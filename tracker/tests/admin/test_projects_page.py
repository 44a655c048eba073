"""Projects in the back office."""

import pytest
from django.test import Client

from tracker.models import Event, Project, User
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/tracker/project/"


def test_a_maintainer_makes_changes_and_archives_one(maintainer_client: Client, maintainer: User):
    maintainer_client.post(f"{LIST}add/", {"key": "OPS", "name": "Operations", "owner": maintainer.pk})
    project = Project.objects.get(key="OPS")
    assert project.owner == maintainer
    values = {"key": "EVIL", "name": "Operating", "owner": "", "is_archived": "on"}
    maintainer_client.post(f"{LIST}{project.pk}/change/", values)
    project.refresh_from_db()
    assert (project.key, project.name, project.owner) == ("OPS", "Operating", None)
    assert project.archived_at is not None
    assert list(Event.objects.order_by("id").values_list("verb", flat=True)) == ["project.created", "project.updated"]


@pytest.mark.parametrize("wrong", [{"key": "ops"}, {"key": ""}, {"name": ""}, {"key": "TAKEN"}])
def test_a_project_that_breaks_a_rule_is_refused_in_the_form(maintainer_client: Client, wrong: dict[str, str]):
    make_project(key="TAKEN")
    answer = maintainer_client.post(f"{LIST}add/", {"key": "OPS", "name": "Operations", "owner": "", **wrong})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert Project.objects.count() == 1


def test_a_reporter_neither_writes_nor_deletes_one(client: Client):
    project = make_project()
    client.force_login(make_user("reporter"))
    for rest in ("add/", f"{project.pk}/change/", f"{project.pk}/delete/"):
        assert client.post(LIST + rest, {"key": "OPS", "name": "x", "post": "yes"}).status_code == 302
    assert list(Project.objects.values_list("name", flat=True)) == [project.name]


def test_members_are_chosen_on_the_page(maintainer_client: Client):
    project, person, other = make_project(), make_user("reporter"), make_user()
    page = f"{LIST}{project.pk}/change/"
    assert maintainer_client.get(page).status_code == 200
    maintainer_client.post(page, {"name": project.name, "owner": "", "members": [person.pk, other.pk]})
    assert set(project.members.all()) == {person, other}
    maintainer_client.post(page, {"name": project.name, "owner": "", "members": [other.pk]})
    assert list(project.members.all()) == [other]
    assert Event.objects.filter(verb="project.members_set").count() == 2


def test_only_an_admin_deletes_one_and_only_an_empty_one(maintainer_client: Client, admin_client: Client):
    project = make_project()
    address = f"{LIST}{project.pk}/delete/"
    assert maintainer_client.post(address, {"post": "yes"}).status_code == 403
    admin_client.post(address, {"post": "yes"})
    assert not Project.objects.exists()


@pytest.mark.parametrize("sent", ["x", "1'; --", "9" * 30, "\u0661"])
def test_what_is_no_person_is_refused_in_the_form(client: Client, sent: str):
    client.force_login(make_user("admin"))
    typed = {"key": "X", "name": "X", "owner": sent, "members": [sent]}
    answer = client.post("/admin/tracker/project/add/", typed)
    assert answer.status_code == 200
    assert "valid choice" in answer.content.decode() or "not a valid" in answer.content.decode()
