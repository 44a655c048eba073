"""Saying what a sender's status word means, and what follows for the tickets that had it."""

import pytest

from incidents.models import Clock, Ticket, TicketStatus
from incidents.services.replays import replay_requested, request_replay
from incidents.services.statuses import recategorise_status
from incidents.testing.ticket_events import SYSTEM, at, ingest, make_event
from tracker.access import Actor
from tracker.exceptions import InvalidInput, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def status(key: str) -> TicketStatus:
    return TicketStatus.objects.get(key=key)


def test_an_unknown_word_is_taken_with_a_guess_and_flagged():
    ingest(make_event(status="Pending vendor"), make_event("T-2", status="open"))
    assert (status("pending vendor").category, status("pending vendor").is_guessed) == ("waiting", True)
    assert (status("open").category, status("open").is_guessed) == ("new", False)


def test_a_new_meaning_replays_every_ticket_that_ever_had_the_word_however_spelled():
    ingest(
        make_event("T-1", "Parked", 10), make_event("T-1", "closed", 500), make_event("T-2", "parked", 10),
        make_event("T-3", "PARKED ", 10), make_event("T-4", "open", 10),
    )  # fmt: skip
    assert recategorise_status(actor=SYSTEM, status=status("parked"), category="resolved") == 3
    assert replay_requested() == 3
    assert list(Ticket.objects.order_by("external_id").values_list("is_open", flat=True)) == [False, False, False, True]
    clock = Clock.objects.get(ticket__external_id="T-1", kind="resolution")
    assert (clock.verdict, clock.stopped_at) == ("met", at(10))
    assert not status("parked").is_guessed


def test_the_log_tells_who_changed_what_it_means():
    ingest(make_event(status="Parked"))
    admin = make_user("admin")
    recategorise_status(actor=Actor.of_user(admin), status=status("parked"), category="waiting")
    event = Event.objects.get(verb="status.recategorised")
    assert event.before
    assert event.after
    assert (event.actor, event.before["category"], event.after["category"]) == (admin, "active", "waiting")
    assert event.data == {"status": "Parked", "tickets": 1}


def test_confirming_a_guess_replays_nothing():
    ingest(make_event(status="Parked"))
    assert recategorise_status(actor=SYSTEM, status=status("parked"), category="active") == 0
    assert not status("parked").is_guessed
    assert recategorise_status(actor=SYSTEM, status=status("parked"), category="active") == 0
    assert Event.objects.filter(verb="status.recategorised").count() == 1


def test_only_admins_say_what_a_status_means():
    ingest(make_event(status="Parked"))
    with pytest.raises(PermissionDenied):
        recategorise_status(actor=Actor.of_user(make_user("maintainer")), status=status("parked"), category="closed")
    with pytest.raises(InvalidInput):
        recategorise_status(actor=SYSTEM, status=status("parked"), category="asleep")


def test_a_replay_for_later_waits_and_the_earlier_request_counts(move_clock):
    ingest(make_event("T-1"), make_event("T-2"))
    move_clock(to=at(10))
    request_replay(Ticket.objects.all(), at=at(30))
    request_replay(Ticket.objects.filter(external_id="T-1"), at=at(20))
    request_replay(Ticket.objects.all(), at=at(40))
    assert replay_requested() == 0
    move_clock(to=at(20))
    assert replay_requested() == 1
    move_clock(to=at(30))
    assert replay_requested(batch_size=1) == 1


def test_a_ticket_without_history_does_not_hold_the_others_up():
    ingest(make_event("T-1"))
    Ticket.objects.get().history.all().delete()
    request_replay(Ticket.objects.all())
    assert replay_requested() == 1
    assert Ticket.objects.get().replay_requested_at is None
