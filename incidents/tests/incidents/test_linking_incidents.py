"""Incidents are linked with issues, tickets and each other."""

from functools import partial

import pytest
from django.db import IntegrityError, transaction

from incidents.models import IncidentLink
from incidents.services import incident_links
from incidents.services.incident_links import (
    find_target,
    link_incident,
    name_of,
    seen_from,
    unlink_incident,
    visible_links,
)
from incidents.testing.factories import make_issue, make_ticket
from incidents.testing.incident_factories import make_incident
from incidents.testing.parallel import run_at_once
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer():
    return Actor.of_user(make_user(Role.MAINTAINER))


@pytest.fixture
def reporter():
    return Actor.of_user(make_user(Role.REPORTER))


def test_saying_it_twice_is_saying_it_once(officer, reporter):
    incident, issue, ticket, other = make_incident(actor=reporter), make_issue(), make_ticket(), make_incident()
    for target, kind in ((issue, "caused_by"), (ticket, "relates"), (other, "duplicates")):
        first = link_incident(actor=officer, incident=incident, target=target, kind=kind)
        assert link_incident(actor=officer, incident=incident, target=target, kind=kind) == first
    assert incident.links.count() == 3
    lines = Event.objects.filter(verb="incident.linked").order_by("id")
    assert [line.after["target"] for line in lines] == [issue.key, f"ticket:{ticket.external_id}", other.key]
    assert "reporter" not in lines[0].data


def test_a_relation_of_two_incidents_has_one_row_and_a_duplicate_a_direction(officer):
    one, two = make_incident(), make_incident()
    link = link_incident(actor=officer, incident=two, target=one, kind="relates")
    assert link_incident(actor=officer, incident=one, target=two, kind="relates") == link
    assert Event.objects.get(verb="incident.linked").object_id == str(two.pk)
    link_incident(actor=officer, incident=two, target=one, kind="duplicates")
    seen = {
        (link.kind, seen_from(link, one).direction, seen_from(link, one).other) for link in visible_links(officer, one)
    }
    assert seen == {("relates", "both", two), ("duplicates", "in", two)}
    unlink_incident(actor=officer, incident=one, link=link)
    assert Event.objects.get(verb="incident.unlinked").before == {"kind": "relates", "target": two.key}
    with pytest.raises(NotFound):
        unlink_incident(actor=officer, incident=one, link=link)


def test_who_may_not(officer, reporter):
    incident, other = make_incident(actor=reporter), make_incident()
    link = link_incident(actor=officer, incident=incident, target=other, kind="relates")
    mine = link_incident(actor=officer, incident=incident, target=make_issue(reporter=reporter.user), kind="relates")
    link_incident(actor=officer, incident=incident, target=make_issue(), kind="relates")
    link_incident(actor=officer, incident=incident, target=make_ticket(), kind="relates")
    with pytest.raises(PermissionDenied):
        link_incident(actor=reporter, incident=incident, target=other, kind="relates")
    with pytest.raises(PermissionDenied):
        unlink_incident(actor=reporter, incident=incident, link=link)
    assert list(visible_links(reporter, incident)) == [mine]
    assert not visible_links(reporter, other).exists()
    assert visible_links(officer, incident).count() == 4
    with pytest.raises(NotFound):
        unlink_incident(actor=officer, incident=make_incident(), link=link)


def test_what_makes_no_sense_is_refused(officer, monkeypatch):
    incident = make_incident()
    for target, kind, field in ((incident, "relates", "target"), (make_issue(), "eats", "kind")):
        with pytest.raises(InvalidInput) as refused:
            link_incident(actor=officer, incident=incident, target=target, kind=kind)
        assert [detail.field for detail in refused.value.details] == [field]
    gone = make_issue()
    pk = gone.pk
    gone.delete()
    gone.pk = pk
    with pytest.raises(NotFound):
        link_incident(actor=officer, incident=incident, target=gone, kind="relates")
    monkeypatch.setattr(incident_links, "MAX_LINKS", 1)
    first = make_issue()
    link_incident(actor=officer, incident=incident, target=first, kind="relates")
    link_incident(actor=officer, incident=incident, target=first, kind="relates")
    with pytest.raises(InvalidInput, match="up to 1 links"):
        link_incident(actor=officer, incident=incident, target=make_issue(), kind="relates")
    with pytest.raises(IntegrityError), transaction.atomic():
        IncidentLink.objects.create(incident=incident, kind="relates", created_at=clock.now())


def test_targets_are_found_by_what_people_call_them(officer, reporter):
    issue, ticket, incident = make_issue(project=make_project()), make_ticket(), make_incident()
    for target in (issue, ticket, incident):
        assert find_target(officer, name_of(target)) == target
        assert find_target(reporter, name_of(target)) is None
    for name in (str(issue.pk), "", "ticket:", "INC-", "INC-x", "OPS-1\0", "no such", f"INC-{10**20}"):
        assert find_target(officer, name) is None


@pytest.mark.django_db(transaction=True)
def test_two_who_say_the_same_at_once_from_both_sides_make_one_link():
    officer = Actor.of_user(make_user(Role.MAINTAINER))
    one, two = make_incident(), make_incident()

    pairs = [(one, two), (two, one)] * 3
    works = [partial(link_incident, actor=officer, incident=a, target=b, kind="relates") for a, b in pairs]
    assert run_at_once(works) == []
    assert IncidentLink.objects.count() == 1
    assert Event.objects.filter(verb="incident.linked").count() == 1
