"""From a request over the API to the letter, and from its link back in: the whole way of a reset and a registration."""

import re

import pytest
from django.core import mail

from incidents.services.sending import deliver_due
from incidents.sweeps import mail_people
from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import ApiClient, make_user

pytestmark = pytest.mark.django_db(transaction=True)
NEW_PASSWORD = "quite another long phrase"
LINK = re.compile(r"https://tracker\.example/\S*/([^/\s]+)/([^/\s]+)/?\s")


@pytest.fixture(autouse=True)
def _mail(settings):
    settings.EMAIL_URL = "smtp://mail.example"
    settings.SITE_URL = "https://tracker.example"
    settings.REGISTRATION_DOMAINS = ["example.com"]


def read_letter(address):
    """uid and token of the link in the one letter that comes."""
    mail_people()
    deliver_due()
    (letter,) = mail.outbox
    mail.outbox.clear()
    assert letter.to == [address]
    return dict(zip(("uid", "token"), LINK.search(letter.body).groups(), strict=True))


def log_in(email, password):
    return ApiClient().post("/v1/auth/login", {"email": email, "password": password}).status_code


def test_a_lost_password_is_replaced_by_the_letter_s_link_once():
    person = make_user(Role.REPORTER)
    assert ApiClient().post("/v1/auth/password/reset", {"email": person.email}).status_code == 202
    body = read_letter(person.email) | {"new_password": NEW_PASSWORD}
    assert ApiClient().post("/v1/auth/password/reset/confirm", body).status_code == 204
    assert log_in(person.email, NEW_PASSWORD) == 200
    assert ApiClient().post("/v1/auth/password/reset/confirm", body).status_code == 400


def test_whoever_registers_comes_in_by_the_letter_and_not_before():
    body = {"email": "new@example.com", "full_name": "New", "password": NEW_PASSWORD}
    assert ApiClient().post("/v1/auth/register", body).status_code == 201
    assert log_in("new@example.com", NEW_PASSWORD) == 401
    assert ApiClient().post("/v1/auth/confirm", read_letter("new@example.com")).status_code == 204
    assert log_in("new@example.com", NEW_PASSWORD) == 200
    assert User.objects.get(email="new@example.com").role == Role.REPORTER


def test_nobody_else_gets_a_letter():
    ApiClient().post("/v1/auth/password/reset", {"email": "nobody@example.com"})
    mail_people()
    deliver_due()
    assert mail.outbox == []
