"""Kinds of incidents in the back office: admins make, name and put them away; maintainers look."""

import pytest
from django.test import Client

from incidents.models import IncidentCategory
from incidents.testing.incident_factories import category_of, make_incident
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/incidentcategory/"


def test_an_admin_makes_names_and_puts_away_a_category(admin_client: Client):
    admin_client.post(f"{LIST}add/", {"key": "flood", "name": "  High   water ", "position": "9"})
    category = IncidentCategory.objects.get(key="flood")
    assert category.name == "High water"
    changed = {"key": "other_key", "name": "Flood", "position": "3", "is_archived": "on"}
    admin_client.post(f"{LIST}{category.pk}/change/", changed)
    category.refresh_from_db()
    assert (category.key, category.name, category.position) == ("flood", "Flood", 3)
    assert category.archived_at is not None
    assert "Archived" in admin_client.get(LIST).content.decode()
    admin_client.post(f"{LIST}{category.pk}/delete/", {"post": "yes"})
    verbs = Event.objects.filter(object_type="incidentcategory").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["category.created", "category.updated", "category.deleted"]


@pytest.mark.parametrize(
    "typed", [{"key": "Ä", "name": "x"}, {"key": "theft", "name": "x"}, {"key": "new", "name": "y" * 61}, {"key": ""}]
)
def test_what_is_no_category_is_refused_in_the_form(admin_client: Client, typed):
    category_of("theft")
    before = IncidentCategory.objects.count()
    answer = admin_client.post(f"{LIST}add/", {"position": "1", **typed})
    assert answer.context["adminform"].form.errors
    assert IncidentCategory.objects.count() == before


def test_one_that_holds_incidents_is_not_deleted(admin_client: Client):
    incident = make_incident(category=category_of("theft"))
    page = admin_client.post(f"{LIST}{incident.category_id}/delete/", {"post": "yes"}, follow=True).content.decode()
    assert "archive it instead" in page
    assert "?category=theft&amp;status=all" in page


def test_maintainers_look_and_others_stay_outside(maintainer_client: Client, client: Client):
    category = category_of("theft")
    assert maintainer_client.get(LIST).status_code == 200
    assert "is_archived" not in maintainer_client.get(f"{LIST}{category.pk}/change/").content.decode()
    client.force_login(make_user("reporter"))
    for rest in ("add/", f"{category.pk}/change/", f"{category.pk}/delete/"):
        typed = {"key": "flood", "name": "Flood", "position": "1", "post": "yes"}
        assert maintainer_client.post(LIST + rest, typed).status_code == 403
        assert client.post(LIST + rest, typed)["Location"].startswith("/admin/login/")
    category.refresh_from_db()
    assert (category.name, IncidentCategory.objects.filter(key="flood").exists()) == ("Theft", False)
