"""API tokens: shown once, listed without their secret, revoked."""

import pytest
from django.db import connection
from django.test import Client

from tracker.models import ApiToken, Event, User
from tracker.services.tokens import find_token
from tracker.testing.factories import make_token_row, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/tracker/apitoken/"


def test_a_new_token_is_shown_once_and_works(maintainer_client: Client, maintainer: User):
    answer = maintainer_client.post(f"{LIST}add/", {"name": "help desk", "scopes": ["ingest", "read"], "days": "30"})
    plaintext = answer.context["plaintext"]
    page = answer.content.decode()
    assert page.count(plaintext) == 1
    assert "no-store" in answer["Cache-Control"]
    token = find_token(plaintext)
    assert (token.owner, token.scopes) == (maintainer, ["ingest", "read"])
    for address in (LIST, f"{LIST}{token.pk}/change/", LIST):
        assert plaintext.split("_", 2)[-1] not in maintainer_client.get(address).content.decode()


def test_its_secret_is_nowhere_in_the_database(maintainer_client: Client):
    answer = maintainer_client.post(f"{LIST}add/", {"name": "help desk", "scopes": ["read"], "days": ""})
    secret = answer.context["plaintext"].split("_", 2)[-1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session WHERE session_data LIKE %s", [f"%{secret}%"])
        assert cursor.fetchone() == (0,)
    assert not Event.objects.filter(after__icontains=secret).exists()


def test_a_token_without_a_scope_is_refused(maintainer_client: Client):
    answer = maintainer_client.post(f"{LIST}add/", {"name": "x", "days": "30"})
    assert answer.status_code == 200
    assert not ApiToken.objects.exists()


def test_a_maintainer_sees_and_revokes_own_tokens_only(maintainer_client: Client, maintainer: User):
    mine, other = make_token_row(maintainer), make_token_row(make_user("admin"))
    page = maintainer_client.get(LIST).content.decode()
    assert mine.prefix in page
    assert other.prefix not in page
    for token in (mine, other):
        maintainer_client.post(f"{LIST}{token.pk}/revoke/")
        maintainer_client.post(LIST, {"action": "revoke", "_selected_action": [token.pk], "index": 0})
    mine.refresh_from_db()
    other.refresh_from_db()
    assert mine.revoked_at is not None
    assert other.revoked_at is None
    assert Event.objects.filter(verb="token.revoked").count() == 1


def test_a_maintainer_cannot_make_a_token_for_somebody_else(maintainer_client: Client, maintainer: User):
    victim = make_user("admin")
    maintainer_client.post(f"{LIST}add/", {"name": "x", "scopes": ["read"], "days": "30", "owner": victim.pk})
    assert ApiToken.objects.get().owner == maintainer


def test_an_admin_makes_one_for_somebody_else(admin_client: Client, maintainer: User):
    admin_client.post(f"{LIST}add/", {"name": "x", "scopes": ["read"], "days": "30", "owner": maintainer.pk})
    assert ApiToken.objects.get().owner == maintainer


def test_nothing_about_a_token_can_be_edited_or_deleted(admin_client: Client, admin_user: User):
    token = make_token_row(admin_user)
    assert admin_client.post(f"{LIST}{token.pk}/change/", {"name": "other"}).status_code == 403
    assert admin_client.post(f"{LIST}{token.pk}/delete/", {"post": "yes"}).status_code == 403
    token.refresh_from_db()
    assert token.name != "other"
