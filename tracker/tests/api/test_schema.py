"""The OpenAPI document is valid, and its pages come from this host alone."""

import io
import re

import pytest
from django.core.management import call_command

from tracker.choices import Role
from tracker.testing.factories import ApiClient, make_user, session_client


def test_the_document_is_valid_openapi_without_a_warning():
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=io.StringIO())


PUBLIC = {
    f"/v1/auth/{name}"
    for name in ("login", "refresh", "register", "confirm", "password/reset", "password/reset/confirm")
} | {"/v1/hooks/{kind}/{token}"}


@pytest.mark.django_db
def test_every_operation_declares_security_and_refusals():
    document = ApiClient().get("/v1/schema", headers={"Accept": "application/json"}).json()
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"bearer", "session"}
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            assert "401" in operation["responses"], (method, address)
            if method == "post":
                assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
            if address not in PUBLIC:
                assert {"bearer": []} in operation["security"], (method, address)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/docs", "/redoc"])
def test_the_pages_need_nothing_from_elsewhere_and_no_inline_script(address):
    answer = ApiClient().get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert not re.search(r"https?://(?!testserver)", page)
    assert not re.search(r"<script(?![^>]*src=)", page)
    policy = answer["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert "unsafe" not in directives["default-src"] + directives.get("script-src", "")


@pytest.mark.django_db
def test_the_browsable_pages_show_lists_and_objects_to_people_who_are_logged_in():
    admin = make_user(Role.ADMIN)
    client = session_client(admin)
    for address in ("/v1/tokens", "/v1/users", f"/v1/users/{admin.pk}", "/v1/tickets"):
        answer = client.get(address, headers={"Accept": "text/html"})
        assert answer.status_code == 200, address
        page = answer.content.decode()
        assert "prettyprint" in page
        assert "<style>" not in page
        assert not re.search(r"<script>|\son\w+=", page)
    assert client.get("/v1/users/9999", headers={"Accept": "text/html"}).status_code == 404
