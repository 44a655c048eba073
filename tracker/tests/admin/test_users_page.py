"""People in the back office: admins say who is what, everybody else only who they are themselves."""

import pytest
from django.test import Client

from tracker.models import Event, User
from tracker.testing.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/tracker/user/"
NEW = "a much longer passphrase"


def page_of(user: User, rest: str = "change/") -> str:
    return f"{LIST}{user.pk}/{rest}"


def facts(user: User) -> tuple[object, ...]:
    row = User.objects.get(pk=user.pk)
    return (
        row.email,
        row.full_name,
        row.role,
        row.is_active,
        row.is_superuser,
        row.password,
        row.user_permissions.count(),
    )


def test_an_admin_makes_a_person_who_can_log_in(admin_client: Client, client: Client):
    values = {"email": "New.Person@Example.com", "full_name": "New", "role": "maintainer", "timezone": "Europe/Berlin"}
    answer = admin_client.post(f"{LIST}add/", {**values, "password": NEW}, follow=True)
    assert "new.person@example.com</a>” was added" in answer.content.decode()
    person = User.objects.get(email="new.person@example.com")
    assert (person.role, person.timezone, person.is_superuser) == ("maintainer", "Europe/Berlin", False)
    client.post("/admin/login/", {"username": "new.person@example.com", "password": NEW})
    assert client.get("/admin/").status_code == 200
    assert Event.objects.filter(verb="user.created").count() == 1


@pytest.mark.parametrize(
    "wrong", [{"password": "short"}, {"timezone": "Mars/Olympus"}, {"email": "nobody"}, {"role": "king"}]
)
def test_a_person_who_breaks_a_rule_is_refused_in_the_form(admin_client: Client, wrong: dict[str, str]):
    values = {"email": "x@example.com", "full_name": "", "role": "reporter", "timezone": "UTC", "password": NEW}
    answer = admin_client.post(f"{LIST}add/", values | wrong)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert not User.objects.filter(email="x@example.com").exists()


def test_a_taken_address_is_refused(admin_client: Client, maintainer: User):
    values = {
        "email": maintainer.email.upper(),
        "full_name": "",
        "role": "reporter",
        "timezone": "UTC",
        "password": NEW,
    }
    answer = admin_client.post(f"{LIST}add/", values)
    assert "email" in answer.context["adminform"].form.errors


def test_an_admin_changes_role_and_activity_through_the_service(admin_client: Client, maintainer: User):
    values = {"email": maintainer.email, "full_name": "Changed", "timezone": "UTC", "role": "reporter"}
    admin_client.post(page_of(maintainer), values)
    assert facts(maintainer)[1:4] == ("Changed", "reporter", False)
    verbs = set(Event.objects.filter(object_id=str(maintainer.pk)).values_list("verb", flat=True))
    assert verbs == {"user.updated", "user.role_changed", "user.deactivated"}


@pytest.mark.parametrize("change", [{"role": "maintainer", "is_active": "on"}, {"role": "admin"}])
def test_the_last_admin_stays(admin_client: Client, admin_user: User, change: dict[str, str]):
    values = {"email": admin_user.email, "full_name": "", "timezone": "UTC", **change}
    answer = admin_client.post(page_of(admin_user), values)
    assert "last active admin" in answer.content.decode()
    assert facts(admin_user)[2:4] == ("admin", True)


def test_the_list_says_who_has_not_confirmed_and_a_password_set_by_an_admin_vouches(admin_client: Client):
    person = make_user("reporter", is_unconfirmed=True)
    assert "Not confirmed" in admin_client.get(LIST).content.decode()
    admin_client.post(page_of(person, "password/"), {"password": NEW, "repeated": NEW})
    assert "Not confirmed" not in admin_client.get(LIST).content.decode()


@pytest.mark.parametrize("role", ["maintainer", "admin"])
def test_no_form_makes_a_superuser(client: Client, role: str):
    person = make_user(role)
    make_user("admin")
    client.force_login(person)
    hostile = {"is_superuser": "on", "is_staff": "on", "groups": ["1", "3"], "user_permissions": ["1"], "password": "x"}
    values = {"email": person.email, "full_name": person.full_name, "timezone": "UTC", "role": role, "is_active": "on"}
    before = facts(person)
    client.post(page_of(person), values | hostile)
    assert facts(person) == before
    assert list(person.groups.values_list("name", flat=True)) == [role]


def test_a_maintainer_changes_own_name_and_nothing_that_gives_rights(maintainer_client: Client, maintainer: User):
    values = {"email": "boss@example.com", "full_name": "Me", "timezone": "Europe/Paris", "role": "admin"}
    maintainer_client.post(page_of(maintainer), values)
    row = User.objects.get(pk=maintainer.pk)
    assert (row.full_name, row.timezone) == ("Me", "Europe/Paris")
    assert (row.email, row.role, row.is_active) == (maintainer.email, "maintainer", True)


def test_a_maintainer_changes_nobody_else(maintainer_client: Client, admin_user: User):
    before = facts(admin_user)
    assert maintainer_client.get(page_of(admin_user)).status_code == 200
    values = {"email": "x@example.com", "full_name": "X", "role": "reporter", "password": NEW, "repeated": NEW}
    for rest in ("change/", "password/", "delete/"):
        assert maintainer_client.post(page_of(admin_user, rest), values).status_code == 403
    assert maintainer_client.post(f"{LIST}add/", values).status_code == 403
    assert maintainer_client.get(page_of(admin_user, "history/")).status_code == 403
    assert facts(admin_user) == before


@pytest.mark.parametrize("rest", ["", "change/", "password/", "history/"])
def test_no_page_holds_a_hash(admin_client: Client, maintainer: User, admin_user: User, rest: str):
    page = admin_client.get(page_of(maintainer, rest) if rest else LIST).content.decode()
    for user in (maintainer, admin_user):
        assert user.password not in page
        assert user.password.split("$")[-1] not in page


def test_an_admin_sets_a_password_and_the_old_one_is_dead(admin_client: Client, maintainer: User, client: Client):
    for wrong in ({"password": "short", "repeated": "short"}, {"password": NEW, "repeated": "other"}):
        assert admin_client.post(page_of(maintainer, "password/"), wrong).status_code == 200
    assert maintainer.check_password(PASSWORD)
    admin_client.post(page_of(maintainer, "password/"), {"password": NEW, "repeated": NEW})
    client.post("/admin/login/", {"username": maintainer.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302
    client.post("/admin/login/", {"username": maintainer.email, "password": NEW})
    assert client.get("/admin/").status_code == 200


def test_people_change_their_own_password_and_stay(maintainer_client: Client, maintainer: User):
    other_session = Client()
    other_session.force_login(maintainer)
    wrong = {"current": "wrong", "password": NEW, "repeated": NEW}
    assert "wrong" in maintainer_client.post("/admin/password_change/", wrong).content.decode()
    maintainer_client.post("/admin/password_change/", {**wrong, "current": PASSWORD})
    assert maintainer_client.get("/admin/").status_code == 200
    assert other_session.get("/admin/").status_code == 302
    assert Event.objects.filter(verb="user.password_changed").count() == 1


def test_guessing_at_the_login_is_counted_and_said(client: Client, maintainer: User):
    wrong = {"username": maintainer.email, "password": "wrong"}
    answers = [client.post("/admin/login/", wrong) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert "Too many attempts" in answers[-1].content.decode()
    assert client.post("/admin/login/", {**wrong, "password": PASSWORD}).status_code == 429


def test_logins_and_logouts_are_in_the_log(client: Client, maintainer: User):
    client.post("/admin/login/", {"username": maintainer.email, "password": PASSWORD})
    client.post("/admin/logout/")
    assert list(Event.objects.order_by("id").values_list("verb", flat=True)) == ["user.logged_in", "user.logged_out"]
