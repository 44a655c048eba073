"""A new password for whoever has the mailbox; everybody else learns nothing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from tracker.choices import NotificationKind
from tracker.models import Event, Notification, User
from tracker.services import registrations
from tracker.services.account_links import RESET_TOKENS, uid_of
from tracker.services.letters import compose_letter
from tracker.testing.factories import PASSWORD, ApiClient, jwt_client, make_token, make_user, session_client

pytestmark = pytest.mark.django_db
RESET, SET, LOGIN = "/v1/auth/password/reset", "/v1/auth/password/reset/confirm", "/v1/auth/login"
NEW = "a quite different phrase"


def link_of(person):
    return {"uid": uid_of(person), "token": RESET_TOKENS.make_token(person)}


def log_in(person, password):
    return ApiClient().post(LOGIN, {"email": person.email, "password": password}).status_code


def test_the_answer_is_the_same_for_everybody(mail):
    make_user(email="known@example.com")
    make_user(email="gone@example.com", is_active=False)
    emails = ("known@example.com", "gone@example.com", "nobody@example.com", "nonsense", "KNOWN@example.com.")
    answers = [ApiClient().post(RESET, {"email": email}) for email in emails]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert len({frozenset(answer.headers) for answer in answers}) == 1
    assert set(Notification.objects.values_list("recipient__email", "kind")) == {
        ("known@example.com", NotificationKind.RESET_PASSWORD)
    }


def test_a_new_password_ends_all_that_the_old_one_opened(mail):
    person = make_user()
    clients = [jwt_client(person), ApiClient(bearer=make_token(person)), session_client(person)]
    addresses = ["/v1/auth/me", "/v1/projects", "/v1/auth/me"]
    link = link_of(person)
    assert ApiClient().post(SET, {**link, "new_password": NEW}).status_code == 204
    for client, address in zip(clients, addresses, strict=True):
        assert client.get(address).status_code in (401, 404)
    assert clients[1].get("/v1/tickets").status_code == 401
    assert (log_in(person, PASSWORD), log_in(person, NEW)) == (401, 200)
    assert ApiClient().post(SET, {**link, "new_password": "and one more phrase"}).status_code == 400
    assert list(Event.objects.filter(verb="user.password_changed").values_list("actor_label", flat=True)) == [
        person.email
    ]


def test_a_weak_password_leaves_the_link_alive(mail):
    person = make_user()
    link = link_of(person)
    answer = ApiClient().post(SET, {**link, "new_password": "short"})
    assert answer.json()["error"]["details"][0]["field"] == "new_password"
    assert answer.status_code == 400
    assert ApiClient().post(SET, {**link, "new_password": NEW}).status_code == 204


def test_the_letter_proves_the_address_too(mail):
    person = make_user(is_unconfirmed=True)
    ApiClient().post(SET, {**link_of(person), "new_password": NEW})
    row = User.objects.get()
    assert (row.is_unconfirmed, row.email_confirmed_at is not None) == (False, True)
    assert log_in(person, NEW) == 200


def test_a_link_dies_with_the_account_and_with_another_address(mail):
    gone, moved = make_user(), make_user()
    links = [link_of(gone), link_of(moved)]
    User.objects.filter(pk=gone.pk).update(is_active=False)
    User.objects.filter(pk=moved.pk).update(email="elsewhere@example.com")
    for link in links:
        assert ApiClient().post(SET, {**link, "new_password": NEW}).status_code == 400


def test_without_mail_no_letter_is_ordered():
    make_user(email="known@example.com")
    assert ApiClient().post(RESET, {"email": "known@example.com"}).status_code == 202
    assert not Notification.objects.exists()


def test_a_mailbox_is_not_filled(mail):
    make_user(email="known@example.com")
    for email in ("known@example.com", "nobody@example.com"):
        statuses = [ApiClient().post(RESET, {"email": email}).status_code for _ in range(registrations.PER_EMAIL + 1)]
        assert statuses == [202] * registrations.PER_EMAIL + [429]
    assert Notification.objects.count() == registrations.PER_EMAIL


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_no_header_says_where_the_letter_leads(mail, settings, header):
    settings.SITE_URL = "https://tracker.example.com"
    make_user(email="known@example.com")
    client = Client(raise_request_exception=False)
    for address, data in ((RESET, '{"email": "known@example.com"}'), ("/account/reset", "")):
        answer = client.post(address, data, content_type="application/json", headers={header: "evil.example"})
        assert answer.status_code == (400 if header == "Host" else answer.status_code)
        assert b"evil" not in answer.content
    ApiClient().post(RESET, {"email": "known@example.com"}, headers={"X-Forwarded-Host": "evil.example"})
    letter = compose_letter(Notification.objects.first())
    assert letter.link.startswith("https://tracker.example.com/account/reset/")


def test_the_page_asks_and_tells_nothing(client, mail):
    make_user(email="known@example.com")
    assert "Forgot your password?" in client.get("/admin/login/").content.decode()
    pages = [client.post("/account/reset", {"email": email}) for email in ("known@example.com", "nobody@example.com")]
    texts = {page.content.decode().partition("<main")[2] or page.content.decode() for page in pages}
    assert [page.status_code for page in pages] == [200, 200]
    assert len(texts) == 1
    assert Notification.objects.count() == 1
    for _ in range(registrations.PER_EMAIL):
        last = client.post("/account/reset", {"email": "nobody@example.com"})
    assert (last.status_code, int(last["Retry-After"]) > 0) == (429, True)


def test_the_link_of_the_letter_leads_to_a_form_that_sets_it(client, mail):
    person = make_user()
    notice = Notification(recipient=person, kind=NotificationKind.RESET_PASSWORD)
    page = compose_letter(notice).link.removeprefix("http://127.0.0.1:8000")
    assert "New password" in client.get(page).content.decode()
    for wrong in ({"password": "short", "repeated": "short"}, {"password": NEW, "repeated": "other"}):
        assert "errorlist" in client.post(page, wrong).content.decode()
    assert person.password == User.objects.get().password
    assert "You have a new password" in client.post(page, {"password": NEW, "repeated": NEW}).content.decode()
    assert log_in(person, NEW) == 200
    assert "does not work any more" in client.get(page).content.decode()


def test_no_form_of_these_pages_works_without_its_csrf_token(mail):
    person = make_user()
    stranger = Client(enforce_csrf_checks=True, raise_request_exception=False)
    page = f"/account/reset/{uid_of(person)}/{RESET_TOKENS.make_token(person)}"
    assert stranger.post(page, {"password": NEW, "repeated": NEW}).status_code == 403
    assert stranger.post("/account/reset", {"email": person.email}).status_code == 403


def test_the_log_of_requests_keeps_no_link(client, caplog):
    person = make_user()
    token = RESET_TOKENS.make_token(person)
    with caplog.at_level("INFO", logger="tracker.access"):
        client.get(f"/account/reset/{uid_of(person)}/{token}")
    assert caplog.records
    assert all(token not in str(record.__dict__) for record in caplog.records)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_one_link_at_once_one_wins():
    person = make_user()
    link = link_of(person)

    def use(number):
        try:
            return ApiClient().post(SET, {**link, "new_password": f"{NEW} {number}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(use, range(6))) == [204] + [400] * 5


@pytest.mark.django_db(transaction=True)
def test_attempts_are_counted_under_if_match_as_well():
    person = make_user()
    answer = ApiClient().post(LOGIN, {"email": person.email, "password": "x"}, headers={"If-Match": '"x"'})
    assert answer.status_code == 401
    assert ApiClient().post(RESET, {"email": person.email}, headers={"If-Match": '"x"'}).status_code == 202
