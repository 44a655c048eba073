"""/v1/users and /v1/auth/me: reading people, making them, and that nobody promotes themselves."""

import pytest

from tracker.choices import Role
from tracker.models import Event, User
from tracker.testing.factories import PASSWORD, jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db
FORBIDDEN_KEYS = [
    "role",
    "is_staff",
    "is_superuser",
    "groups",
    "user_permissions",
    "id",
    "email",
    "password",
    "is_active",
]
HIDDEN = ["owner__password__startswith=a", "password=x", "ordering=password", "ordering=owner__password"]
FULL_WIDTH = "\uff54aken@example.com"


def row_of(user):
    return User.objects.filter(pk=user.pk).values().get()


@pytest.mark.parametrize("key", FORBIDDEN_KEYS)
@pytest.mark.parametrize("address", ["/v1/auth/me", "/v1/users/{}"])
def test_nobody_changes_more_of_themselves_than_name_and_time_zone(key, address):
    user = make_user(Role.MAINTAINER)
    before = row_of(user)
    answer = jwt_client(user).patch(address.format(user.pk), {key: "admin", "full_name": "New"})
    assert answer.status_code == 400
    assert key in [detail["field"] for detail in answer.json()["error"]["details"]]
    assert row_of(user) == before | {"last_login": row_of(user)["last_login"]}


def test_a_person_changes_their_name_and_the_log_says_so():
    user = make_user(full_name="Old")
    client = jwt_client(user)
    answer = client.patch("/v1/auth/me", {"full_name": "New", "timezone": "Europe/Berlin"})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["full_name"], answer.json()["timezone"]) == ("New", "Europe/Berlin")
    event = Event.objects.get(verb="user.updated")
    assert event.before == {"full_name": "Old", "timezone": "UTC"}
    assert client.patch("/v1/auth/me", {"timezone": "Mars/Base"}).status_code == 400


def test_a_lost_update_of_oneself_is_refused():
    user = make_user()
    client = jwt_client(user)
    etag = client.get("/v1/auth/me")["ETag"]
    assert client.patch("/v1/auth/me", {"full_name": "A"}, headers={"If-Match": etag}).status_code == 200
    assert client.patch("/v1/auth/me", {"full_name": "B"}, headers={"If-Match": etag}).status_code == 412


def test_a_reporter_sees_nobody_else():
    reporter, other = make_user(Role.REPORTER), make_user()
    client = jwt_client(reporter)
    assert client.get("/v1/users").status_code == 403
    assert client.get(f"/v1/users/{reporter.pk}").status_code == 200
    hidden, unknown = client.get(f"/v1/users/{other.pk}"), client.get("/v1/users/999999")
    assert hidden.status_code == unknown.status_code == 404
    strip = lambda answer: answer.json()["error"] | {"request_id": ""}  # noqa: E731
    assert strip(hidden) == strip(unknown)


def test_a_maintainer_reads_all_and_changes_nobody_else():
    maintainer, other = make_user(Role.MAINTAINER), make_user()
    client = jwt_client(maintainer)
    assert client.get("/v1/users").json()["count"] == 2
    assert client.get(f"/v1/users/{other.pk}").status_code == 200
    assert client.patch(f"/v1/users/{other.pk}", {"full_name": "X"}).status_code == 404
    assert client.post("/v1/users", {"email": "a@example.com"}).status_code == 403


def test_an_admin_makes_and_changes_people():
    client = jwt_client(make_user(Role.ADMIN))
    made = client.post("/v1/users", {"email": "New.Person@Example.com", "role": "maintainer", "password": PASSWORD})
    assert made.status_code == 201, made.content
    assert made.json()["email"] == "new.person@example.com"
    changed = client.patch(made["Location"], {"role": "reporter", "is_active": False})
    assert (changed.json()["role"], changed.json()["is_active"]) == ("reporter", False)
    assert list(Event.objects.filter(verb__startswith="user.").order_by("id").values_list("verb", flat=True)) == [
        "user.logged_in",
        "user.created",
        "user.role_changed",
        "user.deactivated",
    ]


@pytest.mark.parametrize("email", ["TAKEN@example.com", " taken@example.com", "taken@example.com.", FULL_WIDTH])
def test_one_account_per_mailbox_however_it_is_spelled(email):
    make_user(email="taken@example.com")
    answer = jwt_client(make_user(Role.ADMIN)).post("/v1/users", {"email": email, "password": PASSWORD})
    assert answer.status_code in (400, 409)
    assert User.objects.filter(email__contains="aken").count() == 1


def test_the_last_admin_cannot_step_down():
    admin = make_user(Role.ADMIN)
    answer = jwt_client(admin).patch(f"/v1/users/{admin.pk}", {"role": "reporter"})
    assert answer.status_code == 409


@pytest.mark.parametrize("query", HIDDEN)
def test_hidden_columns_cannot_be_asked_about(query):
    answer = jwt_client(make_user(Role.ADMIN)).get(f"/v1/users?{query}")
    assert answer.status_code == 400
    assert "password" not in answer.json()["error"]["details"][0]["message"]


def test_machines_do_not_read_people():
    assert token_client("read").get("/v1/users").status_code == 403
    assert token_client("read").get("/v1/auth/me").status_code == 403


def test_no_answer_ever_holds_a_hash():
    admin = make_user(Role.ADMIN)
    assert b"md5$" not in jwt_client(admin).get("/v1/users").content
    assert b"pbkdf2" not in jwt_client(admin).get(f"/v1/users/{admin.pk}").content
