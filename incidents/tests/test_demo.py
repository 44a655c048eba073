"""The demo: real cases with clocks in every state, brought in once."""

import pytest
from django.core.management import call_command
from django.db.models import F

from incidents.choices import IncidentStatus, IssueStatus, Severity, SLAState
from incidents.models import Clock, Comment, Incident, IncidentCategory, Issue, Ticket, TicketEvent
from incidents.services.demo import read_demo_events
from incidents.services.issue_search import search_query_of
from incidents.services.production_watch import watch_production
from tracker import clock
from tracker.models import Factory, ProductionPoint, Sprocket

pytestmark = pytest.mark.django_db


def test_the_demo_shows_clocks_in_every_state():
    call_command("seed_demo")
    found = {state: Ticket.objects.in_sla_state(state).count() for state in SLAState}
    assert Ticket.objects.count() == sum(found[state] for state in (SLAState.OK, SLAState.ALERT))
    assert found[SLAState.OK] > found[SLAState.ALERT] > found[SLAState.BREACH] > 0
    assert set(Clock.objects.values_list("state", flat=True)) == {"running", "paused", "stopped"}


def test_a_second_call_changes_nothing(capsys: pytest.CaptureFixture[str]):
    call_command("seed_demo")
    call_command("seed_demo")
    assert "there already" in capsys.readouterr().out
    assert TicketEvent.objects.count() == len(read_demo_events())
    assert Issue.objects.count() == 32
    assert Incident.objects.count() == 13


def test_the_demo_has_issues_of_every_status_and_severity_that_can_be_found():
    call_command("seed_demo")
    assert set(Issue.objects.values_list("status", flat=True)) == set(IssueStatus.values)
    assert set(Issue.objects.values_list("severity", flat=True)) == set(Severity.values)
    assert set(Issue.objects.values_list("project__key", flat=True)) == {"OPS", "WEB"}
    assert Issue.objects.filter(search=search_query_of("antenna")).count() == 1
    assert Comment.objects.filter(issue__isnull=False).count() > 20


def test_the_demo_has_incidents_of_every_category_and_status_in_the_past():
    call_command("seed_demo")
    assert set(Incident.objects.values_list("category__key", flat=True)) == set(
        IncidentCategory.objects.values_list("key", flat=True)
    )
    assert set(Incident.objects.values_list("status", flat=True)) == set(IncidentStatus.values)
    assert not Incident.objects.filter(occurred_at__gt=F("created_at")).exists()
    assert not Incident.objects.filter(created_at__gt=clock.now()).exists()
    assert Incident.objects.filter(latitude__isnull=False).count() == 12


def test_the_demo_has_factories_of_which_one_makes_too_little_now():
    call_command("seed_demo")
    assert (Factory.objects.count(), Sprocket.objects.count()) == (3, 3)
    assert not ProductionPoint.objects.filter(at__gt=clock.now()).exists()
    before = Incident.objects.count()
    assert watch_production().opened == 1
    assert Incident.objects.count() == before + 1
    assert Incident.objects.get(factory__isnull=False).factory.name == "Augsburg hall 2"
