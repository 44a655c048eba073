"""Another role, or none: whatever was handed out before is refused at every address, from the next request on."""

import pytest
from django.contrib import admin
from django.urls import reverse

from tracker.access import Actor
from tracker.choices import Role, Scope
from tracker.services.users import change_role, deactivate_user
from tracker.testing.factories import jwt_client, make_user, session_client, token_client
from tracker.tests.attacks.asking import PROBES

pytestmark = pytest.mark.django_db


def demote(user):
    change_role(actor=Actor.system("a test"), user=user, role=Role.REPORTER)


def deactivate(user):
    deactivate_user(actor=Actor.system("a test"), user=user)


@pytest.mark.parametrize("end", [demote, deactivate])
def test_every_credential_of_before_is_refused_at_every_address(end):
    user = make_user(Role.ADMIN)
    make_user(Role.ADMIN)
    clients = [session_client(user), jwt_client(user), token_client(*Scope.values, owner=user)]
    browser = session_client(user)
    assert [client.get("/v1/tickets").status_code for client in clients] == [200, 200, 200]
    assert browser.get("/admin/").status_code == 200
    end(user)
    for probe in PROBES:
        for client in clients:
            answer = client.generic(probe.method, probe.path(probe.unknown), headers={"Accept": "application/json"})
            assert answer.status_code == 401, (probe.name, answer.status_code)
    for model in admin.site._registry:
        answer = browser.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
