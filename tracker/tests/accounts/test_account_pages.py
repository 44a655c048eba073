"""The pages about oneself that are for everybody: a reporter gets in, a guesser does not, and nobody is led astray."""

import pytest
from django.test import Client

from tracker.choices import Role
from tracker.models import Event, Notification, User
from tracker.testing.factories import PASSWORD, make_user
from tracker.testing.second_factors import code_of, give_second_factor
from tracker.tests.attacks.test_forged_requests import ELSEWHERE, check_stays

pytestmark = pytest.mark.django_db
LOGIN, LOGOUT, REGISTER = "/account/login", "/account/logout", "/account/register"
PROFILE, CHANGE = "/account/profile", "/account/password"
NEW = "another long enough passphrase"


def log_in(client, person, password=PASSWORD, **form):
    return client.post(LOGIN, {"email": person.email, "password": password, **form})


def is_logged_in(client):
    return "_auth_user_id" in client.session


@pytest.fixture
def reporter():
    return make_user(Role.REPORTER, full_name="Rita")


@pytest.fixture
def ritas(reporter):
    client = Client()
    client.force_login(reporter)
    return client


def test_a_reporter_logs_in_and_is_led_to_where_they_wanted(client, reporter):
    answer = log_in(client, reporter, next="/account/profile")
    assert (answer.status_code, answer["Location"]) == (302, PROFILE)
    assert "tracker_device" in client.cookies
    assert list(Event.objects.values_list("verb", flat=True)) == ["user.logged_in"]
    assert "no-store" in client.get(PROFILE)["Cache-Control"]


@pytest.mark.parametrize("role", Role.values)
def test_everybody_is_led_home(client, role):
    person = make_user(role)
    home = log_in(client, person)["Location"]
    assert (home == "/admin/") == person.is_staff
    assert client.get("/")["Location"] == client.get(LOGIN)["Location"] == home
    assert client.get(home).status_code == 200


def test_unknown_wrong_unconfirmed_and_inactive_look_the_same(client, reporter):
    pages = set()
    gone, new = make_user(is_active=False), make_user(is_unconfirmed=True)
    for email, password in [
        (reporter.email, "x"),
        ("no@example.com", "x"),
        (gone.email, PASSWORD),
        (new.email, PASSWORD),
    ]:
        answer = Client().post(LOGIN, {"email": email, "password": password})
        page = answer.content.decode().replace(email, "")
        pages.add((answer.status_code, page[: page.index("csrfmiddlewaretoken")]))
        assert PASSWORD not in page
    assert len(pages) == 1
    assert "do not fit together" in pages.pop()[1]


def test_the_eleventh_guess_is_not_looked_at(client, reporter):
    answers = [log_in(Client(), reporter, "wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    late = log_in(client, reporter)
    assert (late.status_code, is_logged_in(client)) == (429, False)


def test_a_second_factor_is_asked_for(client, reporter):
    secret = give_second_factor(reporter)
    step = log_in(client, reporter, next=PROFILE)["Location"]
    assert not is_logged_in(client)
    assert client.get(PROFILE)["Location"].startswith(LOGIN)
    page = client.get(step).content.decode()
    assert "Second step" in page
    assert client.post(step, {"code": code_of(secret)})["Location"] == PROFILE
    assert is_logged_in(client)


def test_staff_who_must_have_a_second_factor_set_it_up_first(settings, client):
    settings.REQUIRE_TOTP = True
    log_in(client, make_user(Role.MAINTAINER))
    assert client.get(PROFILE)["Location"] == "/admin/second-factor/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_logging_in_leads_nowhere_else(client, ritas, reporter, target):
    check_stays(client.get(LOGIN, {"next": target}))
    check_stays(log_in(client, reporter, next=target))
    check_stays(ritas.get(LOGIN, {"next": target}))


def test_other_sites_log_nobody_in_or_out_and_change_nothing(reporter):
    client = Client(enforce_csrf_checks=True)
    client.force_login(reporter)
    for path in (LOGIN, LOGOUT, PROFILE, CHANGE):
        assert client.post(path, {"full_name": "Eve"}).status_code == 403
        assert client.post(path, headers={"Origin": "https://evil.example"}).status_code == 403
    assert is_logged_in(client)
    assert User.objects.get().full_name == "Rita"


def test_logging_out_takes_a_button(ritas):
    assert b"<button" in ritas.get(LOGOUT).content
    assert is_logged_in(ritas)
    assert "You are logged out" in ritas.post(LOGOUT).content.decode()
    assert not is_logged_in(ritas)
    assert Event.objects.get().verb == "user.logged_out"
    assert ritas.get(PROFILE)["Location"] == f"{LOGIN}?next=%2Faccount%2Fprofile"


def test_registering_is_not_there_while_it_is_closed(client):
    assert client.get(REGISTER).status_code == client.post(REGISTER).status_code == 404
    assert REGISTER not in client.get(LOGIN).content.decode()


def test_a_new_reporter_registers_and_logs_in(client, open_registration):
    assert REGISTER in client.get(LOGIN).content.decode()
    assert "example.com" in client.get(REGISTER).content.decode()
    form = {"email": "new@example.com", "full_name": "New", "password": NEW, "repeated": NEW, "role": "admin"}
    assert "You can log in now" in client.post(REGISTER, form).content.decode()
    person = User.objects.get()
    assert (person.role, person.full_name) == (Role.REPORTER, "New")
    assert log_in(client, person, NEW).status_code == 302


def test_where_there_is_mail_the_link_of_a_letter_is_needed_and_who_is_known_is_not_told(
    client, reporter, mail, open_registration
):
    form = {"full_name": "Eve", "password": NEW, "repeated": NEW}
    pages = set()
    for email in ("new@example.com", reporter.email):
        page = client.post(REGISTER, {**form, "email": email}).content.decode()
        pages.add(page.replace(email, ""))
    assert len(pages) == 1
    assert "Look into your mailbox" in pages.pop()
    assert Notification.objects.count() == 2
    assert not User.objects.filter(full_name="Eve", is_unconfirmed=False).exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"email": "new@elsewhere.org"}, "cannot be registered"),
        ({"password": "short", "repeated": "short"}, "too short"),
        ({"repeated": "x"}, "not the same"),
        ({"email": ""}, "required"),
        ({"full_name": "<script>xssmark(1)</script>\0"}, "Null characters"),
    ],
)
def test_a_registration_with_a_fault_comes_back_with_it(client, open_registration, form, words):
    whole = {"email": "new@example.com", "full_name": "New", "password": NEW, "repeated": NEW, **form}
    page = client.post(REGISTER, whole).content.decode()
    assert words in page
    assert 'id="faults"' in page
    assert "<script>" not in page
    assert NEW not in page
    assert not User.objects.exists()


def test_somebody_changes_their_name_and_time_zone(ritas, reporter):
    answer = ritas.post(PROFILE, {"full_name": "Rita R.", "timezone": "Europe/Berlin", "role": "admin"}, follow=True)
    assert "Your profile was changed" in answer.content.decode()
    reporter.refresh_from_db()
    assert (reporter.full_name, reporter.timezone, reporter.role) == ("Rita R.", "Europe/Berlin", Role.REPORTER)
    assert ritas.post(PROFILE, {"full_name": "", "timezone": "Mars/Base"}).status_code == 200
    reporter.refresh_from_db()
    assert reporter.timezone == "Europe/Berlin"


def test_a_new_password_needs_the_present_one_and_ends_other_sessions(ritas, reporter):
    other = Client()
    other.force_login(reporter)
    form = {"current": "wrong", "password": NEW, "repeated": NEW}
    assert "wrong" in ritas.post(CHANGE, form).content.decode()
    assert ritas.post(CHANGE, {**form, "current": PASSWORD})["Location"] == PROFILE
    assert ritas.get(PROFILE).status_code == 200
    assert other.get(PROFILE).status_code == 302
