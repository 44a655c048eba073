"""Who can be deleted: people to whom nothing refers, by an admin, and never the last admin."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict
from tracker.models import Event, LoginSession, Project, User
from tracker.services import deletions
from tracker.services.deletions import delete_user, name_references
from tracker.services.users import change_role, deactivate_user, update_user
from tracker.testing.factories import jwt_client, make_project, make_token, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("a test")


def test_an_admin_deletes_whoever_nothing_refers_to_and_the_log_keeps_them():
    admin, person = make_user(Role.ADMIN), make_user(Role.MAINTAINER)
    theirs = jwt_client(person)
    make_token(person)
    Event.objects.create(at=person.created_at, verb="x", actor=person, actor_label=person.email)
    assert jwt_client(admin).delete(f"/v1/users/{person.pk}").status_code == 204
    assert not User.objects.filter(pk=person.pk).exists()
    assert not LoginSession.objects.filter(user_id=person.pk).exists()
    assert theirs.get("/v1/auth/me").status_code == 401
    assert Event.objects.get(verb="x").actor_label == person.email
    gone = Event.objects.get(verb="user.deleted")
    assert (gone.actor, gone.before["email"], gone.object_id) == (admin, person.email, str(person.pk))


@pytest.mark.parametrize(("place", "named"), [("owner", "project (owner)"), ("members", "project (members)")])
def test_whoever_something_refers_to_stays_and_it_is_said_what(place, named):
    admin, person = make_user(Role.ADMIN), make_user()
    make_project(**{place: person if place == "owner" else [person]})
    answer = jwt_client(admin).delete(f"/v1/users/{person.pk}")
    assert answer.status_code == 409
    message = answer.json()["error"]["message"]
    assert named in message
    assert "Deactivate them instead" in message
    assert User.objects.filter(pk=person.pk).exists()
    assert not Event.objects.filter(verb="user.deleted").exists()


def test_nobody_deletes_themselves_nor_the_last_admin():
    admin = make_user(Role.ADMIN)
    with pytest.raises(Conflict, match="last active admin"):
        delete_user(actor=SYSTEM, user=admin)
    make_user(Role.ADMIN)
    assert jwt_client(admin).delete(f"/v1/users/{admin.pk}").status_code == 409
    delete_user(actor=SYSTEM, user=admin)


def test_the_back_office_deletes_too_and_shows_a_refusal():
    admin, person, owner = make_user(Role.ADMIN), make_user(), make_user()
    make_project(owner=owner)
    client = session_client(admin)
    for user in (person, owner):
        client.post(f"/admin/tracker/user/{user.pk}/delete/", {"post": "yes"}, "application/x-www-form-urlencoded")
    assert set(User.objects.all()) == {admin, owner}
    assert "project (owner)" in client.get("/admin/tracker/user/").content.decode()
    own = client.post(f"/admin/tracker/user/{admin.pk}/delete/", {"post": "yes"}, "application/x-www-form-urlencoded")
    assert own.status_code == 403


@pytest.mark.django_db(transaction=True)
def test_what_begins_to_refer_at_the_last_moment_is_not_lost(monkeypatch):
    person, project = make_user(), make_project()

    def look_and_be_overtaken(user):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(own_in_another_connection).result()
        return name_references(User(pk=0))

    def own_in_another_connection():
        try:
            # The key of the row is locked by the deletion, and this is looked at when it commits: so it does not.
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            Project.objects.filter(pk=project.pk).update(owner=person)
            return "owned"
        except Exception as error:
            return type(error).__name__
        finally:
            connection.close()

    monkeypatch.setattr(deletions, "name_references", look_and_be_overtaken)
    delete_user(actor=SYSTEM, user=person)
    project.refresh_from_db()
    assert project.owner_id is None
    assert not User.objects.filter(pk=person.pk).exists()


def remove_each_other(work):
    """Two admins at once, each on a connection of their own; what came of each."""
    admins, barrier = [make_user(Role.ADMIN), make_user(Role.ADMIN)], Barrier(2)

    def remove(by, whom):
        try:
            with transaction.atomic():
                # As under If-Match: the row is locked before the service is called.
                User.objects.select_for_update().get(pk=whom.pk)
                barrier.wait(timeout=5)
                work(Actor.of_user(by), whom)
            return "done"
        except Conflict as error:
            return error.message
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(remove, admins, reversed(admins)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "work",
    [
        lambda actor, user: change_role(actor=actor, user=user, role=Role.REPORTER),
        lambda actor, user: deactivate_user(actor=actor, user=user),
        lambda actor, user: delete_user(actor=actor, user=user),
        lambda actor, user: update_user(actor=actor, user=user, changes={"role": "reporter", "is_active": False}),
    ],
    ids=["demote", "deactivate", "delete", "update"],
)
def test_two_admins_do_not_remove_each_other(work):
    outcomes = remove_each_other(work)
    assert outcomes == ["This is the last active admin; make somebody else one first.", "done"]
    assert User.objects.filter(role=Role.ADMIN, is_active=True).count() == 1
