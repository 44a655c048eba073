"""Whoever has a second factor gets in nowhere with a password alone."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import NotAuthenticated
from tracker.models import Event, LoginSession, User
from tracker.services.second_factors import check_code, enrol, has_second_factor, make_secret
from tracker.services.users import change_password
from tracker.testing.factories import PASSWORD, ApiClient, jwt_client, make_user, session_client
from tracker.testing.second_factors import code_of, give_second_factor

pytestmark = pytest.mark.django_db
LOGIN, PAGE, CODE = "/v1/auth/login", "/admin/second-factor/", "/admin/login/code/"
NOON = datetime(2026, 3, 2, 12, 1, 5, tzinfo=UTC)


def log_in(person, **body):
    return ApiClient().post(LOGIN, {"email": person.email, "password": PASSWORD, **body})


def begin(client, person, next_url="/admin/"):
    form = {"username": person.email, "password": PASSWORD, "next": next_url}
    return client.post("/admin/login/", form)


def is_logged_in(client):
    return "_auth_user_id" in client.session


def secret_on(page):
    return re.search(r"<code>([A-Z2-7 ]+)</code>", page.content.decode()).group(1).replace(" ", "")


def test_the_api_wants_a_code_too_and_says_so_only_after_the_right_password(move_clock):
    move_clock(to=NOON)
    person = make_user()
    secret = give_second_factor(person)
    wrong = ApiClient().post(LOGIN, {"email": person.email, "password": "wrong", "otp": code_of(secret)})
    assert "otp" not in wrong.json()["error"]["message"]
    asked = log_in(person)
    assert (asked.status_code, asked.json()["error"]["type"]) == (401, "not_authenticated")
    assert "otp" in asked.json()["error"]["message"]
    assert log_in(person, otp="000000").status_code == 401
    assert log_in(person, otp=code_of(secret)).status_code == 200
    assert LoginSession.objects.count() == 1


def test_who_has_none_logs_in_as_before():
    person = make_user()
    assert log_in(person).status_code == log_in(person, otp="123456").status_code == 200


def test_a_code_works_once_and_its_neighbours_for_a_clock_that_is_off(move_clock):
    move_clock(to=NOON)
    person = make_user()
    secret = give_second_factor(person)
    early, now, late = (code_of(secret, periods_away=step) for step in (-1, 0, 1))
    statuses = [log_in(person, otp=code).status_code for code in (early, now, now, early, late, late)]
    assert statuses == [200, 200, 401, 401, 200, 401]
    assert log_in(person, otp=code_of(secret, periods_away=2)).status_code == 401


def test_codes_are_counted_like_passwords(move_clock):
    move_clock(to=NOON)
    person = make_user()
    secret = give_second_factor(person)
    assert [log_in(person, otp="000000").status_code for _ in range(11)] == [401] * 10 + [429]
    assert log_in(person, otp=code_of(secret)).status_code == 429
    move_clock(to=NOON + timedelta(minutes=15))
    assert log_in(person, otp=code_of(secret)).status_code == 200


def test_the_back_office_asks_for_it_as_a_second_step(move_clock):
    move_clock(to=NOON)
    person, client = make_user(Role.ADMIN), Client()
    secret = give_second_factor(person)
    answer = begin(client, person, "/admin/tracker/user/")
    assert answer["Location"].startswith(CODE)
    assert not is_logged_in(client)
    assert client.get("/admin/").status_code == 302
    assert "Second step" in client.get(answer["Location"]).content.decode()
    assert client.post(answer["Location"], {"code": "000000"}).status_code == 200
    assert not is_logged_in(client)
    done = client.post(answer["Location"], {"code": code_of(secret)})
    assert (done.status_code, done["Location"]) == (302, "/admin/tracker/user/")
    assert is_logged_in(client)
    assert "tracker_device" in done.cookies
    assert Event.objects.filter(verb="user.logged_in").count() == 1


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_second_step_leads_nowhere_else(move_clock, target):
    move_clock(to=NOON)
    person, client = make_user(Role.ADMIN), Client()
    secret = give_second_factor(person)
    page = begin(client, person, target)["Location"]
    assert client.post(page, {"code": code_of(secret)})["Location"] == "/admin/"


def test_the_second_step_is_nobodys_without_the_first_and_does_not_wait_for_ever(move_clock):
    move_clock(to=NOON)
    person, client = make_user(Role.ADMIN), Client()
    secret = give_second_factor(person)
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/account/login"
    begin(client, person)
    move_clock(to=NOON + timedelta(minutes=6))
    client.post(CODE, {"code": code_of(secret)})
    assert not is_logged_in(client)


@pytest.mark.parametrize("change", ["password", "deactivation"])
def test_what_ends_sessions_ends_a_login_that_waits(move_clock, change):
    move_clock(to=NOON)
    person, client = make_user(Role.MAINTAINER), Client()
    secret = give_second_factor(person)
    begin(client, person)
    if change == "password":
        change_password(actor=Actor.system("a test"), user=person, new_password="a quite different phrase")
    else:
        User.objects.filter(pk=person.pk).update(is_active=False)
    client.post(CODE, {"code": code_of(secret)})
    assert not is_logged_in(client)


def test_guessing_at_the_second_step_is_counted(move_clock):
    move_clock(to=NOON)
    person, client = make_user(Role.ADMIN), Client()
    secret = give_second_factor(person)
    begin(client, person)
    answers = [client.post(CODE, {"code": "000000"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    begin(client, person)
    client.post(CODE, {"code": code_of(secret)})
    assert not is_logged_in(client)


def test_staff_set_it_up_with_their_password_and_a_code(move_clock):
    move_clock(to=NOON)
    person = make_user(Role.MAINTAINER)
    client, program = session_client(person), jwt_client(person)
    page = client.get(PAGE)
    secret = secret_on(page)
    assert "data:image/svg+xml" in page.content.decode()
    form = "application/x-www-form-urlencoded"
    for wrong in ({"code": "000000", "current": PASSWORD}, {"code": code_of(secret), "current": "wrong"}):
        assert "Nothing was changed" in client.post(PAGE, encoded(wrong), form).content.decode()
    assert not has_second_factor(person)
    shown = client.post(PAGE, encoded({"code": code_of(secret), "current": PASSWORD}), form).content.decode()
    codes = re.findall(r"<li><code>(\d+)</code></li>", shown)
    assert len(codes) == 10
    assert has_second_factor(person)
    assert program.get("/v1/auth/me").status_code == 401
    assert client.get("/admin/").status_code == 200
    assert log_in(person, otp=codes[0]).status_code == 200
    assert log_in(person, otp=codes[0]).status_code == 401
    assert "9 recovery codes left" in client.get(PAGE).content.decode()
    stored = str([*Authenticator.objects.values_list("data"), *Session.objects.values_list("session_data")])
    assert all(text not in stored for text in (secret, *codes))


def encoded(values):
    return "&".join(f"{name}={value.replace(' ', '+')}" for name, value in values.items())


def test_renewing_and_removing_take_a_code(move_clock):
    move_clock(to=NOON)
    person = make_user(Role.MAINTAINER)
    client, form = session_client(person), "application/x-www-form-urlencoded"
    secret = give_second_factor(person)
    client.post(PAGE, encoded({"code": "000000", "do": "remove"}), form)
    assert has_second_factor(person)
    shown = client.post(PAGE, encoded({"code": code_of(secret), "do": "renew"}), form).content.decode()
    assert len(re.findall(r"<li><code>(\d+)</code></li>", shown)) == 10
    client.post(PAGE, encoded({"code": code_of(secret, periods_away=1), "do": "remove"}), form)
    assert not Authenticator.objects.exists()
    assert log_in(person).status_code == 200


def test_an_admin_helps_whoever_lost_it_and_nobody_else_does():
    person, admin = make_user(Role.MAINTAINER), make_user(Role.ADMIN)
    for user in (person, admin):
        give_second_factor(user)
    remove = "/admin/tracker/user/{}/second-factor/"
    assert session_client(make_user(Role.MAINTAINER)).post(remove.format(person.pk)).status_code == 403
    client = session_client(admin)
    assert "Remove the second factor" in client.get(f"/admin/tracker/user/{person.pk}/change/").content.decode()
    for pk in (person.pk, admin.pk, f"0{admin.pk}"):
        assert client.post(remove.format(pk)).status_code == 302
    assert (has_second_factor(person), has_second_factor(admin)) == (False, True)
    assert Event.objects.filter(verb="user.second_factor_removed", actor=admin).count() == 1


def test_where_it_is_required_staff_do_nothing_else_first(settings):
    settings.REQUIRE_TOTP = True
    person = make_user(Role.ADMIN)
    client = session_client(person)
    for page in ("/admin/", "/admin/tracker/user/", "/admin/profile/", "/admin/password_change/"):
        assert client.get(page)["Location"] == PAGE
    assert client.get(PAGE).status_code == 200
    assert log_in(person).status_code == 401
    assert log_in(make_user(Role.REPORTER)).status_code == 200
    give_second_factor(person)
    assert client.get("/admin/").status_code == 200
    client.post("/admin/logout/")
    assert not is_logged_in(client)


def test_a_secret_that_cannot_be_read_lets_nobody_in(settings, move_clock):
    move_clock(to=NOON)
    person = make_user()
    secret = give_second_factor(person)
    settings.SECRET_KEY = "another key, as after an accident, of some length"
    for code in (code_of(secret), code_of("")):
        with pytest.raises(NotAuthenticated, match="cannot be read"):
            check_code(actor=Actor(), user=person, code=code)


def test_nobody_sets_it_up_twice():
    person, secret = make_user(), make_secret()
    enrol(actor=Actor.of_user(person), user=person, secret=secret, code=code_of(secret))
    client = session_client(person)
    assert "New recovery codes" in client.get(PAGE).content.decode()


def test_reporters_and_strangers_see_no_page_of_it():
    assert Client().get(PAGE).status_code == session_client(make_user(Role.REPORTER)).get(PAGE).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_many_who_send_one_code_at_once_one_gets_in():
    person = make_user()
    secret = give_second_factor(person)
    code = code_of(secret, periods_away=1)

    def attempt(_):
        try:
            return log_in(person, otp=code).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(attempt, range(6))) == [200] + [401] * 5
