"""Sprockets in the back office."""

import pytest
from django.test import Client

from tracker.models import Event, Sprocket
from tracker.testing.factories import make_sprocket, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/tracker/sprocket/"
VALUES = {"name": "Small", "teeth": "12", "pitch_diameter": "49.1", "outside_diameter": "55.5", "pitch": "12.7"}


def test_a_maintainer_adds_and_changes_and_an_admin_deletes(maintainer_client: Client, admin_client: Client):
    maintainer_client.post(f"{LIST}add/", VALUES)
    sprocket = Sprocket.objects.get()
    maintainer_client.post(f"{LIST}{sprocket.pk}/change/", {**VALUES, "teeth": "13"})
    sprocket.refresh_from_db()
    assert (sprocket.teeth, sprocket.pitch) == (13, 12.7)
    assert maintainer_client.post(f"{LIST}{sprocket.pk}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(f"{LIST}{sprocket.pk}/delete/", {"post": "yes"})
    assert not Sprocket.objects.exists()
    verbs = list(Event.objects.filter(object_type="sprocket").order_by("id").values_list("verb", flat=True))
    assert verbs == ["sprocket.created", "sprocket.updated", "sprocket.deleted"]


@pytest.mark.parametrize("wrong", [{"teeth": "0"}, {"teeth": "1.5"}, {"pitch": "0"}, {"pitch": "-1"}, {"pitch": "nan"}])
def test_measures_that_are_none_are_refused_in_the_form(maintainer_client: Client, wrong: dict[str, str]):
    answer = maintainer_client.post(f"{LIST}add/", {**VALUES, **wrong})
    assert answer.context["adminform"].form.errors
    assert not Sprocket.objects.exists()


def test_a_reporter_does_not_get_in(client: Client):
    client.force_login(make_user("reporter"))
    sprocket = make_sprocket()
    assert client.post(f"{LIST}{sprocket.pk}/change/", VALUES)["Location"].startswith("/admin/login/")
