"""Saved views: everybody's own, and the shared ones; only what a list knows can be saved."""

import pytest
from django.test import Client

from tracker.choices import Role
from tracker.models import Event, SavedView, User
from tracker.services import saved_views
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
ISSUES, TICKETS = "/admin/incidents/issue/", "/admin/incidents/ticket/"


def save(client: Client, query: str = "severity=high", *, page: str = ISSUES, name: str = "Bad ones", **fields: str):
    return client.post(f"{page}views/", {"name": name, "query": query, **fields}, follow=True)


def links(client: Client, page: str = ISSUES) -> list[str]:
    return [link.view.name for link in client.get(page).context["saved_views"]]


@pytest.fixture
def colleague(db: None) -> Client:
    client = Client()
    client.force_login(make_user(Role.ADMIN))
    return client


@pytest.mark.parametrize(("page", "query"), [(ISSUES, "q=pump&severity=high"), (TICKETS, "sla=breach")])
def test_a_view_is_kept_and_leads_back_to_what_was_seen(maintainer_client: Client, page, query):
    answer = save(maintainer_client, query, page=page)
    assert answer.redirect_chain == [(f"{page}?{query}", 302)]
    assert "“Bad ones” is kept" in answer.content.decode()
    assert links(maintainer_client, page) == ["Bad ones"]
    assert Event.objects.filter(verb="saved_view.created").count() == 1
    other = TICKETS if page == ISSUES else ISSUES
    assert links(maintainer_client, other) == []


def test_only_shared_views_are_seen_by_others(maintainer_client: Client, colleague: Client):
    save(maintainer_client, name="mine")
    save(maintainer_client, name="ours", is_shared="1")
    assert links(colleague) == ["ours"]
    view = SavedView.objects.get(name="mine")
    maintainer_client.post(f"{ISSUES}views/{view.pk}/share/", {"is_shared": "1"})
    assert links(colleague) == ["mine", "ours"]


def test_only_its_author_changes_or_forgets_a_view(maintainer_client: Client, colleague: Client):
    save(maintainer_client, is_shared="1")
    view = SavedView.objects.get()
    assert colleague.post(f"{ISSUES}views/{view.pk}/delete/").status_code == 403
    assert colleague.post(f"{ISSUES}views/{view.pk}/share/").status_code == 403
    maintainer_client.post(f"{ISSUES}views/{view.pk}/share/", {"is_shared": "0"})
    assert colleague.post(f"{ISSUES}views/{view.pk}/delete/").status_code == 404
    maintainer_client.post(f"{ISSUES}views/{view.pk}/delete/")
    assert not SavedView.objects.exists()
    assert Event.objects.filter(verb="saved_view.deleted").count() == 1


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("password__startswith=x", "no parameter"),
        ("severity=high&p=2", "no parameter"),
        ("q=" + "x" * 2000, "2,000 characters"),
        ("q=%00", "NUL"),
        ("&".join("q=1" for _ in range(60)), "50 parameters"),
    ],
)
def test_what_the_list_does_not_know_is_not_saved(maintainer_client: Client, query, words):
    assert words in save(maintainer_client, query).content.decode()
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x07b"])
def test_a_view_needs_a_name(maintainer_client: Client, name):
    assert "60 characters" in save(maintainer_client, name=name).content.decode()


def test_a_name_is_used_once_and_fifty_are_enough(maintainer_client: Client, monkeypatch):
    save(maintainer_client)
    assert "a view of this name" in save(maintainer_client).content.decode()
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    assert "Delete one first" in save(maintainer_client, name="another").content.decode()
    assert SavedView.objects.count() == 1


def test_a_hostile_name_is_shown_as_text(maintainer_client: Client):
    save(maintainer_client, name="<script>alert(1)</script>", is_shared="1")
    assert "<script>alert" not in maintainer_client.get(ISSUES).content.decode()


def test_a_view_that_asks_for_a_lost_filter_still_opens(maintainer_client: Client, maintainer: User):
    SavedView.objects.create(owner=maintainer, page="issue", name="old", query="gone=1&severity=low")
    link = maintainer_client.get(ISSUES).context["saved_views"][0]
    assert link.query == "severity=low"


@pytest.mark.parametrize("rest", ["views/", "views/1/share/", "views/1/delete/"])
def test_a_reporter_and_nobody_do_not_get_in(client: Client, maintainer_client: Client, rest):
    assert maintainer_client.get(ISSUES + rest).status_code == 403
    for person in (None, make_user(Role.REPORTER)):
        if person is not None:
            client.force_login(person)
        answer = client.post(ISSUES + rest, {"name": "x", "query": ""})
        assert answer["Location"].startswith("/admin/login/")
    assert not SavedView.objects.exists()
