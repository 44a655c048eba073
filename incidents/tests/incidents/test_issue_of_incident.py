"""An issue is made of an incident: all of it or nothing, by those who work on incidents."""

import pytest

from incidents.models import IncidentLink, Issue
from incidents.services.field_checks import MAX_DESCRIPTION_CHARACTERS
from incidents.services.incident_issues import open_issue_for_incident
from incidents.services.incidents import delete_incident
from incidents.testing.incident_factories import make_incident
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied
from tracker.models import Event, Factory
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintainer() -> Actor:
    return Actor.of_user(make_user(Role.MAINTAINER))


def test_it_says_what_the_incident_says_and_is_linked_with_it(maintainer: Actor):
    factory = Factory.objects.create(name="North")
    incident = make_incident(description="It **leaks**.", severity="critical", factory=factory)
    issue = open_issue_for_incident(actor=maintainer, incident=incident, project=make_project(key="OPS"))
    assert (issue.key, issue.title, issue.severity, issue.factory) == ("OPS-1", incident.title, "critical", factory)
    assert issue.description == f"It **leaks**.\n\nFrom {incident.key}."
    link = IncidentLink.objects.get()
    assert (link.incident, link.issue, link.kind) == (incident, issue, "relates")
    assert {"issue.created", "incident.linked"} <= set(Event.objects.values_list("verb", flat=True))


def test_without_a_project_it_goes_to_the_inbox_and_a_long_text_is_cut(maintainer: Actor):
    incident = make_incident(title="Long", description="x" * MAX_DESCRIPTION_CHARACTERS)
    issue = open_issue_for_incident(actor=maintainer, incident=incident, project=None)
    assert issue.project.key == "INBOX"
    assert len(issue.description) == MAX_DESCRIPTION_CHARACTERS
    assert issue.description.endswith(f"From {incident.key}.")


def test_nothing_is_kept_where_the_project_takes_nothing_or_the_incident_is_gone(maintainer: Actor):
    incident, project = make_incident(), make_project(archived_at=clock.now())
    with pytest.raises(InvalidInput):
        open_issue_for_incident(actor=maintainer, incident=incident, project=project)
    delete_incident(actor=Actor.of_user(make_user(Role.ADMIN)), incident=incident)
    with pytest.raises(NotFound):
        open_issue_for_incident(actor=maintainer, incident=incident, project=None)
    assert not Issue.objects.exists()


def test_a_reporter_makes_no_issue_of_an_incident_of_their_own():
    reporter = Actor.of_user(make_user(Role.REPORTER))
    with pytest.raises(PermissionDenied):
        open_issue_for_incident(actor=reporter, incident=make_incident(actor=reporter), project=None)
    assert not Issue.objects.exists()
