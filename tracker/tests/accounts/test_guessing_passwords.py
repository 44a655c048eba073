"""However many guess at once: ten passwords are looked at, and the owner still gets in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings

from tracker.env import ipaddress
from tracker.models import User
from tracker.services import passwords
from tracker.testing.factories import PASSWORD, ApiClient, make_user

LOGIN = "/v1/auth/login"
NOON = datetime(2026, 3, 2, 12, 1, tzinfo=UTC)

pytestmark = pytest.mark.attack


def guess(email, number=0, client=None):
    headers = {"X-Forwarded-For": f"203.0.113.{number % 250}"}
    return (client or ApiClient()).post(LOGIN, {"email": email, "password": f"wrong {number}"}, headers=headers)


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_parallel_guesses_ten_are_evaluated(monkeypatch):
    user = make_user()
    evaluated: list[str] = []
    check_password = User.check_password

    def note_and_check(self, raw_password):
        evaluated.append(raw_password)
        return check_password(self, raw_password)

    monkeypatch.setattr(User, "check_password", note_and_check)

    def attempt(number):
        try:
            answer = guess(user.email, number)
            return answer.status_code, answer.headers.get("Retry-After")
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(100)))
    assert len(evaluated) == 10
    assert sorted(status for status, _ in answers) == [401] * 10 + [429] * 90
    assert all(1 <= int(after) <= 901 for status, after in answers if status == 429)


@pytest.mark.django_db
def test_unknown_people_are_counted_alike(move_clock):
    move_clock(to=NOON)
    statuses = [guess("nobody@example.com", number).status_code for number in range(11)]
    assert statuses == [401] * 10 + [429]


@pytest.mark.django_db
def test_the_owner_still_gets_in_from_a_device_that_is_known(move_clock):
    move_clock(to=NOON)
    user, at_home = make_user(), ApiClient()
    assert at_home.post(LOGIN, {"email": user.email, "password": PASSWORD}).status_code == 200
    for number in range(11):
        guess(user.email, number)
    credentials = {"email": user.email, "password": PASSWORD}
    assert ApiClient().post(LOGIN, credentials).status_code == 429
    assert at_home.post(LOGIN, credentials).status_code == 200


@pytest.mark.django_db
def test_a_known_device_is_known_for_its_own_person_only(move_clock):
    move_clock(to=NOON)
    attacker, victim, device = make_user(), make_user(), ApiClient()
    device.post(LOGIN, {"email": attacker.email, "password": PASSWORD})
    statuses = [guess(victim.email, number, device).status_code for number in range(11)]
    assert statuses == [401] * 10 + [429]


@pytest.mark.django_db
def test_the_next_window_and_a_success_start_anew(move_clock):
    move_clock(to=NOON)
    user = make_user()
    for number in range(9):
        guess(user.email, number)
    credentials = {"email": user.email, "password": PASSWORD}
    assert ApiClient().post(LOGIN, credentials).status_code == 200
    assert [guess(user.email).status_code for _ in range(11)] == [401] * 10 + [429]
    move_clock(to=NOON + timedelta(minutes=15))
    assert ApiClient().post(LOGIN, credentials).status_code == 200


@pytest.mark.django_db
def test_many_accounts_from_one_address_are_counted_together(move_clock, monkeypatch):
    move_clock(to=NOON)
    monkeypatch.setattr(passwords.attempts, "PER_ADDRESS", 15)
    statuses = [guess(f"person{number}@example.com").status_code for number in range(17)]
    assert statuses == [401] * 15 + [429] * 2


@pytest.mark.django_db
@override_settings(TRUSTED_PROXIES=[ipaddress.ip_network("127.0.0.1")])
def test_behind_a_trusted_proxy_the_forwarded_address_counts(move_clock, monkeypatch):
    move_clock(to=NOON)
    monkeypatch.setattr(passwords.attempts, "PER_ADDRESS", 5)
    statuses = {guess(f"person{number}@example.com", number).status_code for number in range(12)}
    assert statuses == {401}


@pytest.mark.django_db
def test_the_admins_login_form_counts_too(client, move_clock):
    move_clock(to=NOON)
    user = make_user("admin")
    form = {"username": user.email, "password": "wrong"}
    for _ in range(10):
        assert client.post("/admin/login/", form).status_code == 200
    client.post("/admin/login/", {**form, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert ApiClient().post(LOGIN, {"email": user.email, "password": PASSWORD}).status_code == 429


@pytest.mark.django_db
def test_the_admins_login_form_lets_the_right_password_in(client):
    user = make_user("admin")
    answer = client.post("/admin/login/?next=/admin/", {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.django_db
def test_guessing_the_current_password_of_a_stolen_session_is_counted(move_clock):
    move_clock(to=NOON)
    user = make_user()
    access = ApiClient().post(LOGIN, {"email": user.email, "password": PASSWORD}).json()["access"]
    client = ApiClient(bearer=access)
    body = {"current_password": "wrong", "new_password": "a quite different phrase"}
    statuses = [client.post("/v1/auth/password", body).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]
