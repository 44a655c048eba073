"""Rules about production in the back office: admins write them, maintainers read them."""

import pytest
from django.test import Client

from incidents.models import IncidentCategory, ProductionRule
from incidents.services.production_watch import watch_production
from incidents.testing.production import make_production_rule, produce
from tracker.choices import Role
from tracker.models import Event
from tracker.testing.factories import make_factory, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/productionrule/"


def browser(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def values(**changes: str) -> dict[str, str]:
    category = IncidentCategory.objects.filter(archived_at=None).first()
    known = {"name": "Slow", "percent": "80", "points": "3", "category": str(category.pk), "severity": "high"}
    return {**known, "is_enabled": "on", **changes}


def test_an_admin_makes_changes_and_deletes_a_rule():
    client, factory = browser(Role.ADMIN), make_factory()
    client.post(f"{LIST}add/", values(factory=str(factory.pk)))
    rule = ProductionRule.objects.get()
    assert (rule.factory, rule.percent, rule.points, rule.severity) == (factory, 80, 3, "high")
    client.post(f"{LIST}{rule.pk}/change/", values(percent="70.5"))
    rule.refresh_from_db()
    assert (rule.factory, rule.percent) == (None, 70.5)
    client.post(f"{LIST}{rule.pk}/delete/", {"post": "yes"})
    verbs = Event.objects.filter(object_type="productionrule").order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["production_rule.created", "production_rule.updated", "production_rule.deleted"]


@pytest.mark.parametrize(
    "wrong",
    [{"percent": "0"}, {"percent": "nan"}, {"points": "0"}, {"points": "1001"}, {"name": "Taken"}, {"name": ""}],
)
def test_a_rule_that_breaks_a_rule_is_refused_in_the_form(wrong: dict[str, str]):
    make_production_rule(name="Taken")
    answer = browser(Role.ADMIN).post(f"{LIST}add/", values(**wrong))
    assert answer.context["adminform"].form.errors
    assert ProductionRule.objects.count() == 1


def test_a_maintainer_reads_how_many_factories_are_too_low_and_writes_nothing():
    rule = make_production_rule(points=1)
    produce(make_factory(), 10)
    watch_production()
    client = browser(Role.MAINTAINER)
    text = client.get(LIST).content.decode()
    assert "below 80 % of goal at once" in text
    assert '/admin/incidents/incident/?q=production+below">1</a>' in text
    assert client.post(f"{LIST}{rule.pk}/change/", values()).status_code == 403
    assert client.post(f"{LIST}add/", values()).status_code == 403
    assert browser(Role.REPORTER).get(LIST)["Location"].startswith("/admin/login/")
