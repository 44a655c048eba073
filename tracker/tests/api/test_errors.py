"""Whatever goes wrong, the answer has one shape with a request id, and tells no trace and no version."""

import logging
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError
from django.test import Client
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.errors import to_domain_error
from tracker.api.viewsets import ApiView
from tracker.choices import Role
from tracker.exceptions import DomainError, FieldError, InvalidInput
from tracker.models import Project, User
from tracker.testing.factories import ApiClient, jwt_client, make_user, session_client
from tracker.urls import handler400, handler403, handler404, handler500  # noqa: F401 - this module is a ROOT_URLCONF
from tracker.urls import urlpatterns as real_urlpatterns

pytestmark = pytest.mark.django_db
LEAKS = re.compile(rb"Traceback|django|psycopg|python/|File \"|SELECT|secret", re.IGNORECASE)


class BrokenView(ApiView):
    """Raises what its query asks for."""

    is_public = True
    query_params = {"get": ("what",)}

    def get(self, request: Request) -> Response:
        """Never answers."""
        what = request.query_params.get("what", "")
        raise {"down": OperationalError("secret host"), "bug": ZeroDivisionError("secret")}[what]


def broken_page(request):
    raise OperationalError("secret host") if "down" in request.GET else ZeroDivisionError("secret")


urlpatterns = [*real_urlpatterns, path("v1/broken", BrokenView.as_view()), path("broken", broken_page)]


def check_shape(answer, status, type_):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == {"type", "message", "details", "request_id"}
    assert error["type"] == type_
    assert error["request_id"] == answer["X-Request-ID"] != ""
    assert not LEAKS.search(answer.content)
    return error


def test_each_refusal_has_the_shape():
    user = make_user(Role.MAINTAINER)
    client = jwt_client(user)
    check_shape(client.get("/v1/tokens?limit=x"), 400, "invalid_input")
    check_shape(ApiClient().get("/v1/tokens"), 401, "not_authenticated")
    check_shape(client.post("/v1/users", {}), 403, "permission_denied")
    check_shape(client.get("/v1/tokens/99999"), 404, "not_found")
    check_shape(client.get("/v1/no-such-thing"), 404, "not_found")
    check_shape(ApiClient().get("/health/x"), 404, "not_found")
    check_shape(client.delete("/v1/tokens"), 405, "method_not_allowed")
    check_shape(client.get("/v1/tokens", headers={"Accept": "application/xml"}), 406, "not_acceptable")
    check_shape(client.post("/v1/tokens", "{" + " " * 1_100_000), 413, "too_large")
    check_shape(client.post("/v1/tokens", "a=1", content_type="text/plain"), 415, "unsupported_media_type")
    check_shape(client.get("/v1/tokens", headers={"Host": "evil.example"}), 400, "invalid_input")


def test_405_names_what_is_allowed():
    assert jwt_client(make_user()).delete("/v1/tokens")["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.urls(__name__)
def test_a_bug_is_a_500_that_hides_everything_and_logs_it(caplog):
    with caplog.at_level(logging.ERROR):
        check_shape(ApiClient().get("/v1/broken?what=bug"), 500, "internal_error")
    assert "ZeroDivisionError" in caplog.text
    check_shape(ApiClient().get("/broken"), 500, "internal_error")


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", ["/v1/broken?what=down", "/broken?down"])
def test_a_database_that_is_away_is_a_503_with_a_time_to_come_back(address):
    answer = ApiClient().get(address)
    check_shape(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) > 0


def test_pages_for_people_are_pages():
    answer = session_client(make_user(Role.ADMIN)).get("/admin/nonsense/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
    assert answer["X-Request-ID"].encode() in answer.content
    assert not LEAKS.search(answer.content.replace(b"django", b""))


def test_every_unsafe_request_of_a_session_needs_the_csrf_token():
    client = session_client(make_user(Role.ADMIN), enforce_csrf_checks=True)
    assert client.get("/v1/tokens").status_code == 200
    for send, address in [
        (client.post, "/v1/tokens"),
        (client.patch, "/v1/auth/me"),
        (client.post, "/v1/auth/logout"),
        (client.post, "/v1/auth/password"),
    ]:
        check_shape(send(address, {}), 403, "permission_denied")
        check_shape(send(address, {}, headers={"X-CSRFToken": "a" * 32}), 403, "permission_denied")


def test_the_admins_forms_need_it_too():
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/admin/login/", {"username": "a", "password": "b"})
    assert answer.status_code == 403
    assert answer["Content-Type"].startswith("text/html")


def test_a_request_id_that_was_sent_comes_back_in_the_error():
    answer = ApiClient().get("/v1/tokens", headers={"X-Request-ID": "abc-123"})
    assert answer.json()["error"]["request_id"] == answer["X-Request-ID"] == "abc-123"


def test_a_taken_value_is_a_409_that_names_the_field_and_not_the_value():
    Project.objects.create(key="OPS", name="Operations")
    with pytest.raises(IntegrityError) as raised:
        Project.objects.create(key="OPS", name="Again")
    error = to_domain_error(raised.value)
    assert (error.status, [detail.field for detail in error.details]) == (409, ["key"])
    assert "OPS" not in error.message


def test_a_value_that_is_taken_in_another_case_names_the_field_too():
    user = make_user()
    with pytest.raises(IntegrityError) as raised:
        User.objects.bulk_create([User(email=user.email.upper())])
    assert [detail.field for detail in to_domain_error(raised.value).details] == ["email"]


def test_a_broken_rule_of_the_database_is_a_400():
    with pytest.raises(IntegrityError) as raised:
        User.objects.filter(pk=make_user().pk).update(role="king")
    assert to_domain_error(raised.value).status == 400


@pytest.mark.parametrize(
    ("raised", "status", "fields"),
    [
        (ValidationError({"name": ["No."], "__all__": ["Never."]}), 400, ["name", ""]),
        (ValidationError("No."), 400, [""]),
        (InvalidInput("No.", details=[FieldError("a", "No.", 3)]), 400, ["a"]),
        (KeyError("x"), 500, []),
    ],
)
def test_what_others_raise_is_brought_into_the_shape(raised: Exception, status, fields):
    error: DomainError = to_domain_error(raised)
    assert error.status == status
    assert [detail.field for detail in error.details] == fields
