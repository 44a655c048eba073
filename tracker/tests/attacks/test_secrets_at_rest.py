"""Whoever reads the database finds nothing that opens anything."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from tracker.choices import Role
from tracker.services.account_links import RESET_TOKENS, uid_of
from tracker.testing.factories import PASSWORD, ApiClient, jwt_client, make_user, session_client
from tracker.testing.second_factors import give_second_factor

pytestmark = pytest.mark.django_db
HOOK = "https://hooks.slack.com/services/T0000/B0000/CanaryCanaryCanary"
CHANNEL_SECRET = "canary-secret-of-a-webhook"
CHOSEN = "a quite different phrase"


def every_text_of_every_table() -> str:
    """All rows of all tables, each as text; bytes as hex digits."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')  # noqa: S608
            texts.append(cursor.fetchone()[0] or "")
    return "\n".join(texts)


def exercise(admin) -> dict[str, str]:
    """Does everything that a secret comes of; the secrets by what they are."""
    registration = {"email": "new@example.com", "password": "one more long phrase", "full_name": "New"}
    assert ApiClient().post("/v1/auth/register", registration).status_code == 201
    login = ApiClient().post("/v1/auth/login", {"email": admin.email, "password": PASSWORD}).json()
    refreshed = ApiClient().post("/v1/auth/refresh", {"refresh": login["refresh"]}).json()
    client = jwt_client(admin)
    token = client.post("/v1/tokens", {"name": "CI", "scopes": ["read"]}, headers={"Idempotency-Key": "k1"}).json()
    channel = {"name": "hook", "kind": "webhook", "url": HOOK, "secret": CHANNEL_SECRET}
    assert client.post("/v1/channels", channel, headers={"Idempotency-Key": "k2"}).status_code == 201
    person = make_user(Role.MAINTAINER)
    assert ApiClient().post("/v1/auth/password/reset", {"email": person.email}).status_code == 202
    link = RESET_TOKENS.make_token(person)
    body = {"uid": uid_of(person), "token": link, "new_password": CHOSEN}
    assert ApiClient().post("/v1/auth/password/reset/confirm", body).status_code == 204
    secret = give_second_factor(make_user(Role.MAINTAINER))
    browser = session_client(make_user(Role.MAINTAINER))
    shown = re.search(r"<code>([A-Z2-7 ]+)</code>", browser.get("/admin/second-factor/").content.decode())
    assert shown is not None
    return {
        "password": PASSWORD,
        "registered password": registration["password"],
        "chosen password": CHOSEN,
        "access token": login["access"].rpartition(".")[2],
        "refresh token": login["refresh"].rpartition(".")[2],
        "refreshed token": refreshed["refresh"].rpartition(".")[2],
        "API token": token["token"].split("_", 2)[2],
        "address of a hook": HOOK.rpartition("/")[2],
        "secret of a channel": CHANNEL_SECRET,
        "reset link": link,
        "secret of a second factor": secret,
        "key of a session": browser.session.session_key,
        "secret that waits for its code": shown.group(1).replace(" ", ""),
    }


def test_no_table_holds_a_secret_that_was_used(open_registration, settings):
    settings.EMAIL_URL = "smtp://mail.example.com"
    secrets = exercise(make_user(Role.ADMIN))
    stored = every_text_of_every_table() + "\n".join(str(row.get_decoded()) for row in Session.objects.all())
    in_hex = {name: text.encode().hex() for name, text in secrets.items()}
    assert [name for name, text in secrets.items() if text in stored] == []
    assert [name for name, text in in_hex.items() if text in stored] == []
