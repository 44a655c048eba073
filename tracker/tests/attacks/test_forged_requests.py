"""Requests that another site makes a browser send, and addresses that would lead people away from here."""

import pytest
from django.test import Client

from tracker.choices import Role
from tracker.testing.factories import PASSWORD, jwt_client, make_user, session_client
from tracker.tests.attacks.asking import WRITING, check_refusal, name_of

pytestmark = pytest.mark.django_db
ELSEWHERE = [
    "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "https:evil.example", "https:///evil.example", "javascript:alert(1)", " https://evil.example",
    "\thttps://evil.example", "\x08//evil.example", "http://testserver@evil.example/", "/%09/evil.example",
    "http://testserver.evil.example/", "//evil.example%2f..", "data:text/html,x", "/\t/evil.example",
    "http:evil.example", "https://evil。example/", "a\r\nLocation: //evil.example",
]  # fmt: skip


@pytest.mark.parametrize("probe", WRITING, ids=name_of)
def test_a_session_writes_with_its_own_csrf_token_alone(probe):
    user = make_user(Role.ADMIN)
    client, values = session_client(user, enforce_csrf_checks=True), probe.arrange(user)
    for headers in ({}, {"X-CSRFToken": "a" * 64}, {"X-CSRFToken": ""}, {"Origin": "https://evil.example"}):
        client.cookies["csrftoken"] = "b" * 32
        send = getattr(client, probe.method.lower())
        answer = send(probe.path(values), probe.body_for(values), headers={"Accept": "application/json", **headers})
        assert answer.status_code == 403, (headers, answer.content[:200])
        assert check_refusal(answer)["type"] == "permission_denied"


@pytest.mark.parametrize("path", ["/admin/login/", "/account/reset", "/admin/logout/"])
def test_nobody_is_logged_in_or_out_by_another_site(path):
    user = make_user(Role.ADMIN)
    client = Client(enforce_csrf_checks=True)
    client.force_login(user, backend="tracker.backends.CountedPasswordBackend")
    form = {"username": user.email, "password": PASSWORD, "email": user.email}
    assert client.post(path, form).status_code == 403
    assert client.post(path, form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.get("/v1/auth/me").status_code == 200


@pytest.mark.parametrize("target", ELSEWHERE)
def test_logging_in_leads_nowhere_else(target):
    user = make_user(Role.ADMIN)
    form = {"username": user.email, "password": PASSWORD, "next": target}
    check_stays(Client().post("/admin/login/", form))
    known = Client()
    known.force_login(user, backend="tracker.backends.CountedPasswordBackend")
    for path in ("/admin/login/", "/admin/", "/account/sso", "/admin/login/code/"):
        check_stays(known.get(path, {"next": target}))
        check_stays(Client().get(path, {"next": target}))
    for name in ("_changelist_filters", "_popup", "_to_field", "next"):
        check_stays(known.post("/admin/tracker/project/add/", {"key": "OPS", "name": "x", name: target}))
        check_stays(known.get("/admin/tracker/project/add/", {name: target}))


def check_stays(answer):
    """No redirect leaves, and no link of the page does."""
    assert answer.status_code < 500
    location = answer.get("Location", "/")
    assert location.startswith("/") and not location.startswith(("//", "/\\")), location  # noqa: PT018
    assert b'href="https://evil' not in answer.content
    assert b'href="//evil' not in answer.content


def test_a_bearer_needs_no_csrf_token():
    assert jwt_client(make_user()).patch("/v1/auth/me", {"full_name": "New"}).status_code == 200
