"""Balancers and collectors ask by address; everybody else has to know a name of ours."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_name(settings):
    settings.ALLOWED_HOSTS = [".tracker.example.com"]


@pytest.mark.parametrize("path", ["/health", "/metrics"])
@pytest.mark.parametrize("host", ["10.40.3.17:8000", "10.40.3.17", "[fd00::5]:8000", "a.tracker.example.com"])
def test_a_probe_is_answered_by_address(path, host):
    assert Client().get(path, headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.com", "10.40.3.17.evil.example.com", "1", "[::1].evil.example.com", ""])
def test_a_name_of_a_stranger_is_not(host):
    assert Client().get("/health", headers={"host": host}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/v1/tickets", "/health/", "/healthz/../admin/"])
def test_an_address_opens_nothing_else(path):
    assert Client().get(path, headers={"host": "10.40.3.17:8000"}).status_code == 400
