"""Log-out, a new password, another role, deactivation: whatever was handed out ends at the next request."""

import pytest

from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict
from tracker.models import Event
from tracker.services.logins import start_login
from tracker.services.users import activate_user, change_role, deactivate_user
from tracker.testing.factories import PASSWORD, ApiClient, jwt_client, make_token, make_user, session_client

pytestmark = pytest.mark.django_db
ME = "/v1/auth/me"
PROJECTS = "/v1/tokens"
NEW = "a quite different phrase"


def credentials_of(user):
    pair = start_login(actor=Actor.of_user(user), user=user)
    clients = {"session": session_client(user), "jwt": ApiClient(bearer=pair.access)}
    assert [client.get(ME).status_code for client in clients.values()] == [200, 200]
    token = ApiClient(bearer=make_token(user, ["read"]))
    # A token's own rights do not reach this address: 403 says that it is alive, 401 that it is not.
    assert token.get(ME).status_code == 403
    return {**clients, "token": token}, pair


def test_logging_out_ends_access_and_refresh_token():
    user = make_user()
    clients, pair = credentials_of(user)
    assert clients["jwt"].post("/v1/auth/logout").status_code == 204
    assert clients["jwt"].get(ME).status_code == 401
    assert ApiClient().post("/v1/auth/refresh", {"refresh": pair.refresh}).status_code == 401
    assert clients["session"].get(ME).status_code == 200


def test_logging_out_of_a_session_ends_it():
    clients, _ = credentials_of(make_user())
    assert clients["session"].post("/v1/auth/logout").status_code == 204
    assert clients["session"].get(ME).status_code == 401


def test_a_new_password_ends_everything_else_and_hands_out_a_new_pair():
    user = make_user()
    clients, _ = credentials_of(user)
    other = jwt_client(user)
    answer = clients["jwt"].post("/v1/auth/password", {"current_password": PASSWORD, "new_password": NEW})
    assert answer.status_code == 200, answer.content
    assert {name: client.get(ME).status_code for name, client in clients.items()} == dict.fromkeys(clients, 401)
    assert other.get(ME).status_code == 401
    assert ApiClient(bearer=answer.json()["access"]).get(ME).status_code == 200
    login = {"email": user.email, "password": NEW}
    assert ApiClient().post("/v1/auth/login", login).status_code == 200


def test_the_session_that_changes_the_password_goes_on_and_tokens_may_be_kept():
    clients, _ = credentials_of(make_user())
    body = {"current_password": PASSWORD, "new_password": NEW, "keep_tokens": True}
    assert clients["session"].post("/v1/auth/password", body).status_code == 204
    assert {name: client.get(ME).status_code for name, client in clients.items()} == {
        "session": 200,
        "jwt": 401,
        "token": 403,
    }


@pytest.mark.parametrize("password", ["short", "password123", "12345678901234"])
def test_a_weak_new_password_is_refused_and_nothing_ends(password):
    clients, _ = credentials_of(make_user())
    answer = clients["jwt"].post("/v1/auth/password", {"current_password": PASSWORD, "new_password": password})
    assert answer.status_code == 400
    assert clients["session"].get(ME).status_code == 200


def test_the_wrong_current_password_changes_nothing():
    clients, _ = credentials_of(make_user())
    answer = clients["jwt"].post("/v1/auth/password", {"current_password": "wrong", "new_password": NEW})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["field"] == "current_password"
    assert clients["jwt"].get(ME).status_code == 200


def test_another_role_ends_everything():
    admin, user = make_user(Role.ADMIN), make_user(Role.MAINTAINER)
    clients, pair = credentials_of(user)
    change_role(actor=Actor.of_user(admin), user=user, role=Role.REPORTER)
    assert {name: client.get(ME).status_code for name, client in clients.items()} == dict.fromkeys(clients, 401)
    assert ApiClient().post("/v1/auth/refresh", {"refresh": pair.refresh}).status_code == 401
    event = Event.objects.get(verb="user.role_changed")
    assert (event.actor, event.before, event.after) == (admin, {"role": "maintainer"}, {"role": "reporter"})


def test_deactivation_ends_everything_and_activation_revives_nothing_but_the_password():
    actor, user = Actor.of_user(make_user(Role.ADMIN)), make_user()
    clients, pair = credentials_of(user)
    deactivate_user(actor=actor, user=user)
    assert {name: client.get(ME).status_code for name, client in clients.items()} == dict.fromkeys(clients, 401)
    assert ApiClient().post("/v1/auth/refresh", {"refresh": pair.refresh}).status_code == 401
    activate_user(actor=actor, user=user)
    assert clients["jwt"].get(ME).status_code == clients["token"].get(ME).status_code == 401
    login = {"email": user.email, "password": PASSWORD}
    assert ApiClient().post("/v1/auth/login", login).status_code == 200


@pytest.mark.parametrize("take_away", [deactivate_user, lambda **kw: change_role(role=Role.REPORTER, **kw)])
def test_the_last_active_admin_stays(take_away):
    admin, actor = make_user(Role.ADMIN), Actor.system("a test")
    make_user(Role.ADMIN, is_active=False)
    with pytest.raises(Conflict, match="last active admin"):
        take_away(actor=actor, user=admin)
    make_user(Role.ADMIN)
    take_away(actor=actor, user=admin)


def test_demotion_takes_superuser_rights_along():
    admin = make_user(Role.ADMIN, is_superuser=True)
    make_user(Role.ADMIN)
    changed = change_role(actor=Actor.system("a test"), user=admin, role=Role.MAINTAINER)
    changed.refresh_from_db()
    assert not changed.is_superuser
    assert [group.name for group in changed.groups.all()] == ["maintainer"]
