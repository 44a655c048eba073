"""POST /v1/auth/login: who gets in, who does not, and that nobody can tell why."""

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from tracker.access import Actor
from tracker.models import Event, LoginSession
from tracker.services.users import create_user
from tracker.testing.factories import PASSWORD, ApiClient, make_user

pytestmark = pytest.mark.django_db
LOGIN = "/v1/auth/login"


def log_in(email, password=PASSWORD, **headers):
    return ApiClient().post(LOGIN, {"email": email, "password": password}, headers=headers)


def test_the_right_password_gives_a_pair_that_opens_the_api():
    user = make_user()
    answer = log_in(user.email.upper())
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 300
    assert body["user"]["email"] == user.email
    assert ApiClient(bearer=body["access"]).get("/v1/auth/me").json()["id"] == user.pk


def test_a_login_is_logged_with_its_author_and_request():
    user = make_user()
    log_in(user.email)
    event = Event.objects.get(verb="user.logged_in")
    assert (event.actor, event.object_id) == (user, str(user.pk))


def test_wrong_unknown_and_inactive_get_the_same_answer():
    active, gone = make_user(), make_user(is_active=False)
    answers = [
        log_in(active.email, "wrong"),
        log_in("nobody@example.com", "wrong"),
        log_in(gone.email, PASSWORD),
        log_in(gone.email, "wrong"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    errors = [answer.json()["error"] | {"request_id": ""} for answer in answers]
    assert errors == [errors[0]] * 4
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize("who", ["active", "unknown", "inactive", "without a password"])
def test_every_refusal_costs_one_hash(who, monkeypatch):
    """The hash is nearly all of the time a login takes, so that the time does not tell who exists."""
    people = {
        "active": make_user().email,
        "unknown": "nobody@example.com",
        "inactive": make_user(is_active=False).email,
        "without a password": create_user(actor=Actor.system("a test"), email="no@example.com").email,
    }
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: (hashed.append(args), encode(*args))[1])
    assert log_in(people[who], "wrong").status_code == 401
    assert len(hashed) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "a@example.com"}, "password"),
        ({"email": "a@example.com", "password": "x", "role": "admin"}, "role"),
        ({"email": ["a"], "password": "x"}, "email"),
        ({"email": "a@example.com", "password": "x" * 1025}, "password"),
    ],
)
def test_a_malformed_login_names_the_field(body, field):
    answer = ApiClient().post(LOGIN, body)
    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [field]


def test_registration_is_closed():
    answer = ApiClient().post("/v1/auth/register", {"email": "a@example.com", "password": PASSWORD, "role": "admin"})
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found"


def test_an_idempotency_key_never_stores_tokens():
    user = make_user()
    first = log_in(user.email, **{"Idempotency-Key": "a"}).json()
    second = log_in(user.email, **{"Idempotency-Key": "a"}).json()
    assert first["refresh"] != second["refresh"]
