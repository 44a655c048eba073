"""One's own list of notifications, in the API and in the back office: nobody reads somebody else's."""

from datetime import timedelta

import pytest
from django.test import Client

from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Notification
from tracker.services.retention import prune_by_policy
from tracker.testing.factories import jwt_client, make_notification, make_user, token_client

pytestmark = pytest.mark.django_db
PAGE = "/admin/tracker/notification/"


def browser(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_reporter_lists_reads_one_and_reads_all():
    person, other = make_user(Role.REPORTER), make_user(Role.REPORTER)
    first, second = make_notification(person, headline="One"), make_notification(person, headline="Two")
    make_notification(other)
    make_notification(person, is_listed=False)
    api = jwt_client(person)
    listed = api.get("/v1/notifications").json()["results"]
    assert [line["headline"] for line in listed] == ["Two", "One"]
    assert set(listed[0]) == {
        "id", "kind", "headline", "body", "actor", "object_type", "object_id", "link", "created_at", "read_at",
    }  # fmt: skip
    assert api.post(f"/v1/notifications/{first.pk}/read", {}).json()["read_at"] is not None
    unread = api.get("/v1/notifications?unread=true").json()["results"]
    assert [line["id"] for line in unread] == [second.pk]
    assert api.post("/v1/notifications/read-all", {}).json() == {"marked": 1}
    assert api.get("/v1/notifications?unread=true").json()["results"] == []
    assert Notification.objects.get(recipient=other).read_at is None


def test_not_even_an_admin_reads_what_others_were_told():
    row = make_notification(make_user(), headline="Not yours")
    admin = make_user(Role.ADMIN)
    api, pages = jwt_client(admin), browser(admin)
    assert api.get(f"/v1/notifications/{row.pk}").status_code == 404
    assert api.post(f"/v1/notifications/{row.pk}/read", {}).status_code == 404
    assert "Not yours" not in pages.get(PAGE).content.decode()
    assert "Not yours" not in pages.get(f"{PAGE}{row.pk}/change/", follow=True).content.decode()
    pages.post(PAGE, {"action": "read", "_selected_action": [row.pk]})
    pages.post(f"{PAGE}read-all/")
    row.refresh_from_db()
    assert row.read_at is None
    assert token_client("read", owner=admin).get("/v1/notifications").status_code == 403


def test_the_bell_counts_what_is_unread_and_opening_reads_it():
    person = make_user()
    pages = browser(person)
    rows = [make_notification(person, headline=f"Thing {number}") for number in range(3)]
    assert '<span class="badge badge-alert">3</span>' in pages.get("/admin/").content.decode()
    assert "Thing 0" in pages.get(f"{PAGE}{rows[0].pk}/change/").content.decode()
    assert '<span class="badge badge-alert">2</span>' in pages.get("/admin/").content.decode()
    listed = pages.get(PAGE)
    assert [row.headline for row in listed.context["cl"].result_list] == ["Thing 2", "Thing 1", "Thing 0"]
    assert listed.content.decode().count('class="unread"') == 2
    pages.post(PAGE, {"action": "read", "_selected_action": [rows[1].pk]})
    assert [row.headline for row in pages.get(f"{PAGE}?read=no").context["cl"].result_list] == ["Thing 2"]
    pages.post(f"{PAGE}read-all/")
    assert "badge-alert" not in pages.get("/admin/").content.decode()


def test_the_bell_counts_no_further_than_99():
    person = make_user()
    now = clock.now()
    Notification.objects.bulk_create(
        Notification(recipient=person, kind="assigned", headline="x", created_at=now) for _ in range(120)
    )
    assert ">99+</span>" in browser(person).get("/admin/").content.decode()


def test_reading_everything_takes_a_post_and_a_right():
    assert browser(make_user()).get(f"{PAGE}read-all/").status_code == 403
    assert browser(make_user(Role.REPORTER)).post(f"{PAGE}read-all/").status_code == 302
    assert Client().post(f"{PAGE}read-all/").status_code == 302


def test_a_headline_of_a_stranger_is_text():
    person = make_user()
    row = make_notification(person, headline="<script>alert(1)</script>", body="<img src=x onerror=alert(1)>")
    for page in (PAGE, f"{PAGE}{row.pk}/change/"):
        text = browser(person).get(page).content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_old_lines_go_once_they_were_read():
    person, now = make_user(), clock.now()
    long_ago = now - timedelta(days=91)
    unread = make_notification(person, created_at=long_ago)
    recent = make_notification(person, created_at=long_ago, read_at=now)
    waiting = make_notification(person, created_at=long_ago, is_listed=False, mail_at=now)
    make_notification(person, created_at=long_ago, read_at=long_ago)
    make_notification(person, created_at=long_ago, is_listed=False)
    assert prune_by_policy(actor=Actor.system("test"), max_seconds=9)["notifications"].rows == 2
    assert set(Notification.objects.all()) == {unread, recent, waiting}
