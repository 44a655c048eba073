"""The test data itself: what everything else relies on."""

import pytest

from tracker.choices import Role
from tracker.exceptions import NotFound
from tracker.services.logins import find_login
from tracker.services.tokens import find_token
from tracker.testing.factories import PASSWORD, make_access_token, make_project, make_token, make_user

pytestmark = pytest.mark.django_db


def test_a_made_person_has_the_known_password_and_the_group_of_the_role():
    user = make_user(Role.MAINTAINER)
    assert user.check_password(PASSWORD)
    assert [group.name for group in user.groups.all()] == ["maintainer"]


def test_a_made_token_opens_its_row_and_a_changed_one_does_not():
    plaintext = make_token(scopes=["ingest"])
    assert find_token(plaintext).scopes == ["ingest"]
    with pytest.raises(NotFound):
        find_token(plaintext[:-1] + ("a" if plaintext[-1] != "a" else "b"))


def test_a_made_access_token_belongs_to_a_login_of_that_person():
    user = make_user()
    assert find_login(make_access_token(user)).user == user


def test_a_made_project_has_its_members():
    user = make_user()
    assert list(make_project(members=[user]).members.all()) == [user]
