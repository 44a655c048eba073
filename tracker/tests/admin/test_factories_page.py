"""Factories in the back office."""

import pytest
from django.test import Client

from tracker.models import Event, Factory
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/tracker/factory/"
VALUES = {"name": "Rotterdam 1", "place": "Rotterdam", "timezone": "Europe/Amsterdam"}


def test_a_maintainer_adds_and_an_admin_changes_and_deletes(maintainer_client: Client, admin_client: Client):
    maintainer_client.post(f"{LIST}add/", VALUES)
    factory = Factory.objects.get()
    page = f"{LIST}{factory.pk}/change/"
    assert maintainer_client.post(page, {**VALUES, "name": "X"}).status_code == 403
    admin_client.post(page, {**VALUES, "name": "Rotterdam 2"})
    admin_client.post(page, {**VALUES, "name": "Rotterdam 2"})
    factory.refresh_from_db()
    assert (factory.name, factory.timezone) == ("Rotterdam 2", "Europe/Amsterdam")
    assert maintainer_client.post(f"{LIST}{factory.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(f"{LIST}{factory.pk}/delete/", {"post": "yes"})
    assert not Factory.objects.exists()
    verbs = Event.objects.filter(object_type="factory").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["factory.created", "factory.updated", "factory.deleted"]


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "Taken"}, {"timezone": "Mars/Base"}, {"name": "x" * 121}])
def test_a_factory_that_breaks_a_rule_is_refused_in_the_form(maintainer_client: Client, wrong: dict[str, str]):
    Factory.objects.create(name="Taken")
    answer = maintainer_client.post(f"{LIST}add/", {**VALUES, **wrong})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert Factory.objects.count() == 1


def test_a_reporter_and_nobody_do_not_get_in(client: Client):
    for person in (None, make_user("reporter")):
        if person is not None:
            client.force_login(person)
        assert client.post(f"{LIST}add/", VALUES)["Location"].startswith("/admin/login/")
    assert not Factory.objects.exists()
