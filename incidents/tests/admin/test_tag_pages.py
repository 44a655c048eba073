"""Tags in the back office: made, renamed on every issue that has them, and taken away."""

import pytest
from django.test import Client

from incidents.models import Tag
from incidents.testing.factories import make_issue
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/tag/"


def test_a_tag_is_made_renamed_and_by_an_admin_deleted(maintainer_client: Client, admin_client: Client):
    maintainer_client.post(f"{LIST}add/", {"name": "  Hall  3 "})
    tag = Tag.objects.get(name="hall 3")
    issue = make_issue(tags=["hall 3"])
    maintainer_client.post(f"{LIST}{tag.pk}/change/", {"name": "hall three"})
    assert list(issue.tags.values_list("name", flat=True)) == ["hall three"]
    assert maintainer_client.post(f"{LIST}{tag.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(f"{LIST}{tag.pk}/delete/", {"post": "yes"})
    assert issue.tags.count() == 0
    verbs = Event.objects.filter(object_type="tag").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["tag.created", "tag.renamed", "tag.deleted"]


@pytest.mark.parametrize("name", ["", "a,b", "x" * 51, "taken"])
def test_a_word_that_is_none_is_refused_in_the_form(maintainer_client: Client, name: str):
    Tag.objects.create(name="taken")
    answer = maintainer_client.post(f"{LIST}add/", {"name": name})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert Tag.objects.count() == 1


def test_the_list_leads_to_the_issues(maintainer_client: Client):
    make_issue(tags=["a & b"])
    assert "?tag=a+%26+b&amp;status=all" in maintainer_client.get(LIST).content.decode()


def test_a_reporter_and_nobody_do_not_get_in(client: Client):
    for person in (None, make_user("reporter")):
        if person is not None:
            client.force_login(person)
        assert client.post(f"{LIST}add/", {"name": "x"})["Location"].startswith("/admin/login/")
    assert not Tag.objects.exists()
