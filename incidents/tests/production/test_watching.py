"""Too little production for too long is one incident, and recovery resolves it, however often anybody looks."""

import pytest

from incidents.choices import IncidentStatus
from incidents.models import Incident, IncidentCategory, ProductionWatch
from incidents.services.incident_moves import finish_incident
from incidents.services.incidents import delete_incident
from incidents.services.production_watch import watch_production
from incidents.sweeps import watch_production as sweep
from incidents.testing.parallel import run_at_once
from incidents.testing.production import make_production_rule, produce
from tracker.access import Actor
from tracker.models import Event
from tracker.production import Point
from tracker.services.factories import delete_factory
from tracker.services.production import delete_points, replace_points
from tracker.testing.factories import make_factory, make_project

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def statuses():
    return list(Incident.objects.order_by("id").values_list("status", flat=True))


def test_points_below_the_share_open_one_incident_that_says_what_was_made():
    factory, project = make_factory(name="Hall 1", place="Lyon"), make_project()
    make_production_rule(name="Slow", severity="high", project=project)
    produce(factory, 100, 79, 79)
    assert (watch_production().opened, statuses()) == (0, [])
    produce(factory, 79.9)
    assert watch_production().opened == 1
    incident = Incident.objects.get()
    assert (incident.title, incident.severity, incident.place) == (
        "Hall 1: production below 80 % of goal", "high", "Lyon",
    )  # fmt: skip
    assert (incident.factory, incident.project, incident.reporter_label) == (factory, project, "Production rule: Slow")
    assert incident.occurred_at == factory.points.order_by("at")[1].at
    assert "79.9 of 100 (80%)" in incident.description
    produce(factory, 10, 10, 10)
    assert (watch_production().opened, len(statuses())) == (0, 1)


def test_recovery_resolves_it_step_by_step_and_the_next_dip_opens_another():
    factory = make_factory()
    make_production_rule()
    produce(factory, 10, 10, 10, 80)
    watched = watch_production()
    assert (watched.points, watched.opened, watched.resolved) == (3, 0, 0)
    produce(factory, 10, 10, 10, 80, 10, 10, 10)
    watched = watch_production()
    assert (watched.opened, watched.resolved) == (2, 1)
    assert statuses() == [IncidentStatus.DONE, IncidentStatus.OPEN]
    first = Incident.objects.order_by("id").first()
    assert list(first.spans.values_list("status", flat=True)) == ["OPEN", "TRIAGED", "IN_PROGRESS", "DONE"]
    assert "It recovered" in first.comments.get().body
    assert Event.objects.filter(verb="incident.moved", actor_label="system:watch_production").count() == 3


def test_points_that_are_corrected_are_judged_anew():
    factory = make_factory()
    make_production_rule()
    produce(factory, 10, 10, 10)
    assert watch_production().opened == 1
    told = list(factory.points.order_by("at"))
    replace_points(actor=SYSTEM, factory=factory, points=[Point(row.at, 95.0, row.goal) for row in told])
    assert (watch_production().resolved, statuses()) == (1, [IncidentStatus.DONE])
    replace_points(actor=SYSTEM, factory=factory, points=[Point(row.at, 20.0, row.goal) for row in told])
    assert watch_production().opened == 1
    produce(factory, 95)
    watch_production()
    delete_points(actor=SYSTEM, factory=factory, first=told[-1].at)
    assert (watch_production().opened, statuses()) == (0, [IncidentStatus.DONE] * 2)


def test_a_time_in_which_nothing_was_to_be_made_says_nothing():
    factory = make_factory()
    make_production_rule()
    watch_production()
    produce(factory, 10, 10)
    produce(factory, 0, goal=0)
    produce(factory, 10)
    assert watch_production().opened == 1
    produce(factory, 0, goal=0)
    assert (watch_production().resolved, statuses()) == (0, ["OPEN"])


def test_a_new_rule_begins_with_the_last_points_and_not_with_the_whole_past():
    factory = make_factory()
    produce(factory, *[10, 10, 10, 100] * 20, 10, 10, 10)
    make_production_rule()
    assert (watch_production().points, statuses()) == (3, ["OPEN"])


def test_of_very_many_new_points_only_the_last_are_judged(monkeypatch):
    monkeypatch.setattr("incidents.services.production_watch.MOST_LOOKED_AT", 4)
    factory = make_factory()
    make_production_rule(points=2)
    produce(factory, 100, 10)
    watch_production()
    produce(factory, *[10] * 8, 100, 10, 100, 10)
    assert (watch_production().points, statuses()) == (4, [])


def test_what_people_did_with_the_incident_stays_as_they_left_it():
    done, gone = make_factory(), make_factory()
    make_production_rule(points=1)
    produce(done, 10)
    produce(gone, 10)
    watch_production()
    finish_incident(actor=SYSTEM, incident=Incident.objects.get(factory=done))
    delete_incident(actor=SYSTEM, incident=Incident.objects.get(factory=gone))
    produce(done, 10)
    produce(gone, 10)
    assert watch_production().opened == 0
    produce(done, 100)
    produce(gone, 100)
    assert watch_production().resolved == 2
    assert statuses() == [IncidentStatus.DONE]
    assert not Incident.objects.get().comments.exists()


def test_each_rule_and_factory_has_an_incident_of_its_own_and_a_switched_off_rule_none():
    one, other = make_factory(), make_factory()
    make_production_rule(points=1)
    make_production_rule(points=1, factory=one, percent=50)
    make_production_rule(points=1, is_enabled=False)
    produce(one, 10)
    produce(other, 10)
    assert sweep() == 3
    assert Incident.objects.filter(factory=one).count() == 2
    assert Incident.objects.filter(factory=other).count() == 1
    assert sweep() == 0


def test_an_archived_category_or_project_does_not_keep_an_incident_from_being_opened():
    category = IncidentCategory.objects.create(key="slow", name="Slow", archived_at="2020-01-01T00:00Z")
    make_production_rule(points=1, category=category, project=make_project(archived_at="2020-01-01T00:00Z"))
    produce(make_factory(), 10)
    assert watch_production().opened == 1
    assert (Incident.objects.get().category.key, Incident.objects.get().project) == ("outage", None)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_watch_at_once_one_opens_the_incident():
    IncidentCategory.objects.get_or_create(key="outage", defaults={"name": "Outage"})
    make_production_rule(points=1)
    produce(make_factory(), 10)
    assert run_at_once([watch_production] * 4) == []
    assert statuses() == ["OPEN"]
    assert ProductionWatch.objects.count() == 1


def test_a_factory_goes_with_what_was_watched_but_not_while_an_incident_names_it():
    factory = make_factory()
    make_production_rule()
    produce(factory, 100)
    watch_production()
    delete_factory(actor=SYSTEM, factory=factory)
    assert not ProductionWatch.objects.exists()
