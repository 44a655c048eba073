"""Who registers: nobody while it is closed, then reporters only, and nobody learns who is there already."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tracker.choices import NotificationKind
from tracker.models import Event, Notification, User
from tracker.services import registrations
from tracker.services.account_links import CONFIRM_TOKENS, uid_of
from tracker.testing.factories import PASSWORD, ApiClient, make_user

pytestmark = pytest.mark.django_db
REGISTER, LOGIN, CONFIRM = "/v1/auth/register", "/v1/auth/login", "/v1/auth/confirm"
NEW = {"email": "new@example.com", "full_name": "New", "password": PASSWORD}


def body_of(answer):
    return {**answer.json(), "error": {**answer.json()["error"], "request_id": ""}}


def letters_to(email):
    return list(Notification.objects.filter(recipient__email=email).order_by("id").values_list("kind", flat=True))


def log_in(email=NEW["email"], password=PASSWORD):
    return ApiClient().post(LOGIN, {"email": email, "password": password}).status_code


@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_while_it_is_closed_there_is_nothing_there(method):
    closed, nowhere = (getattr(ApiClient(), method)(path, NEW) for path in (REGISTER, "/v1/auth/nothing"))
    assert closed.status_code == nowhere.status_code == 404
    assert body_of(closed) == body_of(nowhere)
    assert set(closed.headers) == set(nowhere.headers)
    assert not User.objects.exists()


def test_without_mail_a_new_person_is_a_reporter_at_once(open_registration):
    answer = ApiClient().post(REGISTER, NEW)
    assert (answer.status_code, answer.json()) == (201, {"email": NEW["email"], "needs_confirmation": False})
    person = User.objects.get()
    assert (person.role, person.is_superuser, person.is_staff, person.is_active) == ("reporter", False, False, True)
    assert list(person.groups.values_list("name", flat=True)) == ["reporter"]
    assert person.password not in answer.content.decode()
    assert log_in() == 200
    assert Event.objects.filter(verb="user.registered").count() == 1


@pytest.mark.parametrize(
    "key", ["role", "is_staff", "is_superuser", "groups", "id", "is_active", "user_permissions", "email_confirmed_at"]
)
def test_nobody_says_what_they_may_do(open_registration, key):
    answer = ApiClient().post(REGISTER, {**NEW, key: "1"})
    assert answer.status_code == 400
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == [key]
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "new@elsewhere.com"),
        ("email", "new@sub.example.com"),
        ("email", "new@example.com@elsewhere.com"),
        ("email", "nobody"),
        ("email", "x" * 250 + "@example.com"),
        ("email", ["new@example.com"]),
        ("full_name", "x" * 151),
        ("password", "short"),
        ("password", "1234567890"),
        ("password", "x" * 2000),
        ("password", "new@example.com"),
        ("password", None),
    ],
)
def test_what_breaks_a_rule_is_named(open_registration, field, value):
    answer = ApiClient().post(REGISTER, {**NEW, field: value})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == field
    assert not User.objects.exists()


def test_a_star_lets_every_domain_in(settings):
    settings.REGISTRATION_DOMAINS = ["*"]
    assert ApiClient().post(REGISTER, {**NEW, "email": "new@anywhere.org"}).status_code == 201


WIDE = str.maketrans({"n": "\uff4e", "e": "\uff45", "@": "\uff20"})
SPELLINGS = ["NEW@Example.COM", "  new@example.com ", "new@example.com.", "new@".translate(WIDE) + "example.com"]


@pytest.mark.parametrize("email", SPELLINGS)
def test_one_account_per_mailbox_however_it_is_spelled(open_registration, email):
    known = make_user("maintainer", email="new@example.com")
    before = User.objects.values().get()
    answer = ApiClient().post(REGISTER, {**NEW, "email": email, "password": "a quite different phrase"})
    assert answer.status_code == 201
    assert User.objects.values().get() == before
    assert known.email == before["email"]


def test_with_mail_the_address_is_confirmed_first(open_registration, mail):
    answer = ApiClient().post(REGISTER, NEW)
    assert answer.json() == {"email": NEW["email"], "needs_confirmation": True}
    assert letters_to(NEW["email"]) == [NotificationKind.CONFIRM_EMAIL]
    assert log_in() == 401
    person = User.objects.get()
    link = {"uid": uid_of(person), "token": CONFIRM_TOKENS.make_token(person)}
    assert ApiClient().post(CONFIRM, link).status_code == 204
    assert log_in() == 200
    assert User.objects.get().email_confirmed_at is not None
    assert ApiClient().post(CONFIRM, link).status_code == 400


@pytest.mark.parametrize("person", [{}, {"is_active": False}, {"is_unconfirmed": True}], ids=str)
def test_whoever_is_known_is_answered_like_whoever_is_not(open_registration, mail, person):
    known = make_user("admin", email="known@example.com", **person)
    answers = [ApiClient().post(REGISTER, {**NEW, "email": email}) for email in ("known@example.com", NEW["email"])]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert {**answers[0].json(), "email": ""} == {**answers[1].json(), "email": ""}
    assert set(answers[0].headers) == set(answers[1].headers)
    known.refresh_from_db()
    assert known.role == "admin"
    expected = NotificationKind.CONFIRM_EMAIL if known.is_unconfirmed else NotificationKind.ACCOUNT_EXISTS
    assert letters_to(known.email) == [expected]


def test_an_account_nobody_confirmed_belongs_to_the_latest_registration(open_registration, mail):
    ApiClient().post(REGISTER, {**NEW, "password": "the one of a stranger"})
    first = User.objects.get()
    stale = {"uid": uid_of(first), "token": CONFIRM_TOKENS.make_token(first)}
    ApiClient().post(REGISTER, NEW)
    assert ApiClient().post(CONFIRM, stale).status_code == 400
    person = User.objects.get()
    ApiClient().post(CONFIRM, {"uid": uid_of(person), "token": CONFIRM_TOKENS.make_token(person)})
    assert (log_in(), log_in(password="the one of a stranger")) == (200, 401)


def test_a_confirmed_account_is_nobody_elses(open_registration, mail):
    known = make_user("reporter", email=NEW["email"])
    ApiClient().post(REGISTER, {**NEW, "password": "the one of a stranger"})
    assert (log_in(known.email), log_in(known.email, "the one of a stranger")) == (200, 401)


def test_a_mailbox_is_not_filled_and_a_place_does_not_register_on_and_on(open_registration, mail, monkeypatch):
    statuses = [ApiClient().post(REGISTER, NEW).status_code for _ in range(registrations.PER_EMAIL + 1)]
    assert statuses == [201] * registrations.PER_EMAIL + [429]
    monkeypatch.setattr(registrations, "PER_ADDRESS", registrations.PER_EMAIL + 2)
    answers = [ApiClient().post(REGISTER, {**NEW, "email": f"n{number}@example.com"}) for number in range(2)]
    assert [answer.status_code for answer in answers] == [201, 429]
    assert int(answers[1]["Retry-After"]) > 0


@pytest.mark.parametrize("link", [{"uid": "", "token": "x"}, {"uid": "MQ", "token": "x"}, {"uid": "%", "token": "é"}])
def test_a_made_up_link_confirms_nobody(link):
    make_user(is_unconfirmed=True)
    assert ApiClient().post(CONFIRM, link).status_code == 400
    assert User.objects.get().is_unconfirmed


def test_whoever_was_deactivated_in_between_stays_out(open_registration, mail):
    person = make_user(is_unconfirmed=True)
    link = {"uid": uid_of(person), "token": CONFIRM_TOKENS.make_token(person)}
    User.objects.update(is_active=False)
    assert ApiClient().post(CONFIRM, link).status_code == 400


def test_a_scanner_that_follows_the_link_confirms_nothing(client):
    person = make_user("reporter", is_unconfirmed=True)
    page = f"/account/confirm/{uid_of(person)}/{CONFIRM_TOKENS.make_token(person)}"
    assert "Confirm it" in client.get(page).content.decode()
    assert User.objects.get().is_unconfirmed
    answer = client.post(page)
    assert "is confirmed" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert not User.objects.get().is_unconfirmed
    assert "does not work any more" in client.get(page).content.decode()


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_make_one_person(open_registration, mail, monkeypatch):
    monkeypatch.setattr(registrations, "PER_EMAIL", 10)

    def register(_):
        try:
            return ApiClient().post(REGISTER, NEW).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(register, range(10))) == [201] * 10
    assert User.objects.count() == 1
