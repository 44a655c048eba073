"""The demo: real cases with clocks in every state, brought in once."""

import pytest
from django.core.management import call_command

from incidents.choices import SLAState
from incidents.models import Clock, Ticket, TicketEvent
from incidents.services.demo import read_demo_events

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
