"""Incidents are reported, changed and moved through one door each."""

from datetime import timedelta
from decimal import Decimal

import pytest

from incidents.choices import EnrichmentState, IncidentStatus
from incidents.models import Incident, IncidentCategory
from incidents.services.incident_categories import create_category, delete_category, update_category
from incidents.services.incident_moves import finish_incident, move_incident
from incidents.services.incidents import (
    Origin,
    create_incident,
    delete_incident,
    find_incident,
    record_incident,
    update_incident,
    visible_incidents,
)
from incidents.testing.incident_factories import category_of, make_incident
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from tracker.models import Event, Notification
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def person(role: str = Role.MAINTAINER) -> Actor:
    return Actor.of_user(make_user(role))


def test_a_report_is_kept_with_its_origin_its_first_stay_and_a_line_in_the_log():
    reporter = person(Role.REPORTER)
    values = {"category": category_of(), "title": "Bike  gone", "description": "It **was** there.", "place": "Gate 4"}
    incident = create_incident(actor=reporter, values=values, origin=Origin(ip="203.0.113.7"))
    incident.refresh_from_db()
    assert (incident.title, incident.ip, incident.reporter) == ("Bike gone", "203.0.113.7", reporter.user)
    assert (incident.status, incident.enrichment) == (IncidentStatus.OPEN, EnrichmentState.NEW)
    assert incident.occurred_at == incident.created_at
    assert "<strong>was</strong>" in incident.description_html
    assert list(incident.spans.values_list("status", "ended_at")) == [("OPEN", None)]
    line = Event.objects.get(verb="incident.created")
    assert line.data["reporter"] == reporter.user.pk
    assert Incident.objects.filter(search="gate").exists()


@pytest.mark.parametrize(
    ("description", "title"),
    [
        (
            "# Somebody took my bike from the rack at gate four while I was in the canteen for lunch\n\nIt is red.",
            "Somebody took my bike from the rack at gate four while I was in the canteen for …",
        ),
        ("```\nRed **bicycle** &amp; [lock](https://example.com) <b>gone</b>", "Red bicycle & lock <b>gone</b>"),
        ("***\n> ", "Theft"),
    ],
)
def test_who_writes_one_text_has_its_beginning_as_the_title(description, title):
    assert make_incident(title="", description=description).title == title


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "", "description": " "}, "description"),
        ({"title": "x" * 301}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"category": None}, "category"),
        ({"latitude": 91.0, "longitude": 0}, "latitude"),
        ({"latitude": float("nan"), "longitude": 0}, "latitude"),
        ({"latitude": 10.0}, "longitude"),
        ({"longitude": True, "latitude": 1}, "longitude"),
        ({"loss_estimate": Decimal(-1)}, "loss_estimate"),
        ({"loss_estimate": "Infinity"}, "loss_estimate"),
        ({"severity": "worst"}, "severity"),
        ({"recovery": "perhaps"}, "recovery"),
        ({"place": "x" * 301}, "place"),
        ({"colour": "red"}, "colour"),
        ({"status": "DONE"}, "status"),
    ],
)
def test_what_breaks_a_rule_is_named_and_nothing_is_kept(values, field):
    with pytest.raises(InvalidInput) as refused:
        create_incident(actor=person(), values={"category": category_of(), "title": "t", **values})
    assert [detail.field for detail in refused.value.details] == [field]
    assert not Incident.objects.exists()


def test_nothing_happens_in_the_future_or_in_an_archived_category():
    with pytest.raises(InvalidInput, match="occurred_at"):
        make_incident(occurred_at=clock.now() + timedelta(hours=1))
    admin, category = person(Role.ADMIN), IncidentCategory.objects.get(key="theft")
    update_category(actor=admin, category=category, changes={"is_archived": True})
    with pytest.raises(InvalidInput, match="category"):
        make_incident(category=category_of())


def test_reporters_see_and_change_their_own_and_only_until_it_is_worked_on():
    reporter, other = person(Role.REPORTER), person(Role.REPORTER)
    incident = make_incident(actor=reporter)
    assert list(visible_incidents(reporter)) == [incident]
    assert not visible_incidents(other).exists()
    assert find_incident(other, str(incident.pk)) is None
    assert find_incident(reporter, f"inc-{incident.pk}") == incident
    changed = update_incident(actor=reporter, incident=incident, changes={"description": "More."})
    assert changed.description == "More."
    with pytest.raises(NotFound):
        update_incident(actor=other, incident=incident, changes={"description": "Mine."})
    with pytest.raises(InvalidInput, match="severity"):
        update_incident(actor=reporter, incident=incident, changes={"severity": "low"})
    Incident.objects.update(enrichment=EnrichmentState.ENRICHED)
    with pytest.raises(Conflict):
        update_incident(actor=reporter, incident=incident, changes={"description": "Too late."})
    incident.refresh_from_db()
    assert incident.description == "More."


def test_nobody_reports_but_through_an_entrance_of_its_own():
    with pytest.raises(NotAuthenticated):
        create_incident(actor=Actor(), values={"category": category_of(), "title": "t"})
    incident = record_incident(
        actor=Actor(), values={"category": category_of(), "title": "t"}, origin=Origin(reporter_label="a@example.org")
    )
    assert (incident.reporter, incident.reporter_label) == (None, "a@example.org")


def test_a_change_tells_its_people_and_the_same_again_is_no_change():
    reporter, maintainer, assignee = person(Role.REPORTER), person(), make_user(Role.MAINTAINER)
    incident = make_incident(actor=reporter)
    update_incident(actor=maintainer, incident=incident, changes={"assignee": assignee, "severity": "high"})
    assert set(Notification.objects.values_list("recipient", flat=True)) == {reporter.user.pk, assignee.pk}
    lines = Event.objects.filter(verb="incident.updated")
    assert lines.get().after == {"severity": "high", "assignee": assignee.email}
    update_incident(actor=maintainer, incident=incident, changes={"severity": "high"})
    assert lines.count() == 1


def test_moves_follow_the_table_and_every_stay_is_kept():
    maintainer, incident = person(), make_incident()
    with pytest.raises(Conflict, match="TRIAGED"):
        move_incident(actor=maintainer, incident=incident, status="DONE")
    for status in ("TRIAGED", "IN_PROGRESS", "DONE", "OPEN"):
        incident = move_incident(actor=maintainer, incident=incident, status=status)
    assert (incident.triaged_at, incident.done_at) == (None, None)
    assert incident.spans.count() == 5
    assert incident.spans.filter(ended_at=None).get().status == "OPEN"
    with pytest.raises(PermissionDenied):
        move_incident(actor=person(Role.REPORTER), incident=incident, status="TRIAGED")
    done = finish_incident(actor=Actor.system("hook"), incident=incident)
    assert (done.status, done.spans.count()) == ("DONE", 8)
    assert finish_incident(actor=Actor.system("hook"), incident=incident).spans.count() == 8


def test_admins_alone_delete_and_the_log_remembers():
    incident = make_incident(title="Gone")
    with pytest.raises(PermissionDenied):
        delete_incident(actor=person(), incident=incident)
    delete_incident(actor=person(Role.ADMIN), incident=incident)
    assert not Incident.objects.exists()
    assert Event.objects.get(verb="incident.deleted").before == {"title": "Gone"}


def test_admins_edit_categories_and_one_in_use_stays():
    admin = person(Role.ADMIN)
    category = create_category(actor=admin, key="leak", name="Leak")
    with pytest.raises(Conflict):
        create_category(actor=admin, key="leak", name="Another")
    with pytest.raises(InvalidInput, match="key"):
        create_category(actor=admin, key="Not A Key", name="Bad")
    with pytest.raises(PermissionDenied):
        create_category(actor=person(), key="spill", name="Spill")
    make_incident(category=category)
    with pytest.raises(Conflict, match="archive"):
        delete_category(actor=admin, category=category)
    delete_category(actor=admin, category=create_category(actor=admin, key="spill", name="Spill"))
    assert not IncidentCategory.objects.filter(key="spill").exists()
