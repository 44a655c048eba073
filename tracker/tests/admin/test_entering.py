"""Who gets into the back office at all, and what the first page needs."""

import pytest
from django.test import Client

from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
INDEX = "/admin/"


def test_a_stranger_is_sent_to_the_login(client: Client):
    answer = client.get(INDEX)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_the_bare_address_leads_there(client: Client):
    assert client.get("/")["Location"] == INDEX


def test_a_reporter_never_gets_in(client: Client):
    client.force_login(make_user(Role.REPORTER))
    assert client.get(INDEX)["Location"].startswith("/admin/login/")
    assert client.get("/admin/tracker/user/")["Location"].startswith("/admin/login/")


def test_a_reporters_password_does_not_open_it(client: Client):
    reporter = make_user(Role.REPORTER)
    answer = client.post("/admin/login/", {"username": reporter.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("role", [Role.MAINTAINER, Role.ADMIN])
def test_maintainers_and_admins_get_in(client: Client, role: str):
    client.force_login(make_user(role))
    answer = client.get(INDEX)
    assert answer.status_code == 200
    assert "Tickets" in answer.content.decode()


def test_a_deactivated_person_is_out_at_the_next_request(client: Client):
    person = make_user(Role.ADMIN)
    client.force_login(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get(INDEX)["Location"].startswith("/admin/login/")


def test_a_demoted_person_is_out_at_the_next_request(client: Client):
    person = make_user(Role.ADMIN)
    client.force_login(person)
    User.objects.filter(pk=person.pk).update(role=Role.REPORTER)
    assert client.get(INDEX)["Location"].startswith("/admin/login/")


def test_the_superuser_flag_opens_nothing(client: Client):
    client.force_login(make_user(Role.REPORTER, is_superuser=True))
    assert client.get("/admin/tracker/event/").status_code == 302
    client.force_login(make_user(Role.MAINTAINER, is_superuser=True))
    assert client.get("/admin/tracker/event/").status_code == 403
