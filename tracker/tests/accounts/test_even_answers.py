"""Who is known is not told by the time that an answer takes either."""

import time

import pytest

from tracker.services import password_resets, registrations
from tracker.services.letters import order_letter
from tracker.testing.factories import PASSWORD, ApiClient, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.attack]
SAMPLES = 7
SLOWNESS = 0.05
# A machine that does other things at the same time is a few milliseconds late now and then.
TOLERANCE = 0.02


def least_seconds(path, bodies):
    """The quickest of these answers: a busy machine only ever adds."""
    spent = []
    for body in bodies:
        began = time.perf_counter()
        assert ApiClient().post(path, body).status_code in (201, 202, 401)
        spent.append(time.perf_counter() - began)
    return min(spent)


@pytest.fixture(autouse=True)
def unlimited(monkeypatch):
    monkeypatch.setattr(registrations, "PER_EMAIL", 1000)
    monkeypatch.setattr(registrations, "PER_ADDRESS", 1000)


@pytest.fixture
def slow_letters(monkeypatch):
    """Makes the way of those who are written to a long one."""

    def order_slowly(**values):
        time.sleep(SLOWNESS)
        return order_letter(**values)

    monkeypatch.setattr(password_resets, "order_letter", order_slowly)
    monkeypatch.setattr(registrations, "order_letter", lambda **values: order_letter(**values))


def test_asking_for_a_reset(mail, slow_letters):
    make_user(email="known@example.com")
    make_user(email="gone@example.com", is_active=False)
    least = [
        least_seconds("/v1/auth/password/reset", [{"email": f"{name}@example.com"}] * SAMPLES)
        for name in ("known", "gone", "nobody")
    ]
    assert max(least) - min(least) < TOLERANCE


def test_registering(mail, open_registration, monkeypatch):
    insert = registrations._find_or_insert

    def insert_slowly(actor, person):
        found = insert(actor, person)
        time.sleep(SLOWNESS if found[1] else 0)
        return found

    monkeypatch.setattr(registrations, "_find_or_insert", insert_slowly)
    make_user(email="known@example.com")
    known = [{"email": "known@example.com", "password": PASSWORD}] * SAMPLES
    new = [{"email": f"new{number}@example.com", "password": PASSWORD} for number in range(SAMPLES)]
    assert abs(least_seconds("/v1/auth/register", known) - least_seconds("/v1/auth/register", new)) < TOLERANCE
