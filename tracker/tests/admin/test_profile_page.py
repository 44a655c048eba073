"""Everybody at the back office says who they are and where, and nothing that gives rights."""

import pytest
from django.test import Client

from tracker.models import Event, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/profile/"


def test_people_change_their_name_and_time_zone(maintainer_client: Client, maintainer: User):
    assert f'href="{PAGE}"' in maintainer_client.get("/admin/").content.decode()
    hostile = {"role": "admin", "email": "boss@example.com", "is_superuser": "on", "is_active": ""}
    maintainer_client.post(PAGE, {"full_name": "Me", "timezone": "Europe/Paris", **hostile})
    row = User.objects.get(pk=maintainer.pk)
    assert (row.full_name, row.timezone) == ("Me", "Europe/Paris")
    assert (row.email, row.role, row.is_superuser, row.is_active) == (maintainer.email, "maintainer", False, True)
    assert Event.objects.filter(verb="user.updated").count() == 1


@pytest.mark.parametrize("wrong", [{"timezone": "Mars/Olympus"}, {"full_name": "x" * 151}, {"full_name": "\0"}])
def test_what_breaks_a_rule_is_said_in_the_form(maintainer_client: Client, maintainer: User, wrong: dict[str, str]):
    answer = maintainer_client.post(PAGE, {"full_name": "Me", "timezone": "UTC", **wrong})
    assert "Nothing was changed" in answer.content.decode()
    assert User.objects.get(pk=maintainer.pk).full_name == maintainer.full_name


def test_strangers_and_reporters_are_sent_to_the_login(client: Client):
    assert client.get(PAGE).status_code == 302
    client.force_login(make_user("reporter"))
    assert client.get(PAGE).status_code == 302
