"""People open, change, assign and discuss tickets; what they change is told as events."""

import pytest

from incidents.models import Comment, Ticket, TicketEvent
from incidents.services.tickets import assign_ticket, change_ticket, comment_on_ticket, create_ticket, visible_tickets
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, NotAuthenticated, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def maintainer() -> Actor:
    return Actor.of_user(make_user(Role.MAINTAINER))


@pytest.fixture
def reporter() -> Actor:
    return Actor.of_user(make_user(Role.REPORTER))


@pytest.fixture
def ticket(maintainer: Actor) -> Ticket:
    return create_ticket(actor=maintainer, title="Printer on fire", priority="high", customer_tier="gold")


def test_a_ticket_opened_by_hand_is_new_and_has_running_clocks(ticket: Ticket):
    assert ticket.external_id.startswith("M-")
    assert (ticket.status, ticket.title, ticket.is_open) == ("new", "Printer on fire", True)
    assert set(ticket.clocks.values_list("kind", "state")) == {("response", "running"), ("resolution", "running")}


def test_a_ticket_needs_a_title(maintainer: Actor):
    with pytest.raises(InvalidInput, match="title"):
        create_ticket(actor=maintainer, title="  ", priority="high", customer_tier="gold")


def test_a_status_set_by_hand_is_one_more_event_and_keeps_everything_else(ticket: Ticket, maintainer: Actor):
    changed = change_ticket(actor=maintainer, ticket=ticket, status="in progress")
    assert (changed.status, changed.title, changed.priority) == ("in progress", "Printer on fire", "high")
    assert TicketEvent.objects.filter(ticket=ticket).count() == 2
    assert changed.clocks.get(kind="response").state == "stopped"


def test_a_status_that_is_there_already_writes_nothing(ticket: Ticket, maintainer: Actor):
    change_ticket(actor=maintainer, ticket=ticket, status="new")
    assert TicketEvent.objects.filter(ticket=ticket).count() == 1


def test_only_what_a_ticket_says_of_itself_can_be_changed(ticket: Ticket, maintainer: Actor):
    with pytest.raises(InvalidInput, match="external_id"):
        change_ticket(actor=maintainer, ticket=ticket, external_id="X")


def test_assigning_is_logged_with_before_and_after(ticket: Ticket, maintainer: Actor):
    colleague = make_user(Role.MAINTAINER)
    assert assign_ticket(actor=maintainer, ticket=ticket, assignee=colleague).assignee == colleague
    event = Event.objects.get(verb="ticket.assigned")
    assert (event.actor_id, event.object_id) == (maintainer.user.pk, ticket.external_id)
    assert (event.before, event.after) == ({"assignee": None}, {"assignee": colleague.email})


def test_assigning_again_to_the_same_person_writes_nothing(ticket: Ticket, maintainer: Actor):
    for _ in range(2):
        assign_ticket(actor=maintainer, ticket=ticket, assignee=maintainer.user)
    assert Event.objects.filter(verb="ticket.assigned").count() == 1


@pytest.mark.parametrize("fields", [{"role": Role.REPORTER}, {"role": Role.MAINTAINER, "is_active": False}])
def test_nobody_is_assigned_who_cannot_work_on_tickets(ticket: Ticket, maintainer: Actor, fields):
    with pytest.raises(InvalidInput, match="assignee"):
        assign_ticket(actor=maintainer, ticket=ticket, assignee=make_user(**fields))


def test_an_assignee_survives_the_senders_next_event(ticket: Ticket, maintainer: Actor):
    assign_ticket(actor=maintainer, ticket=ticket, assignee=maintainer.user)
    assert change_ticket(actor=maintainer, ticket=ticket, status="waiting").assignee == maintainer.user


def test_a_comment_is_kept_with_its_author(ticket: Ticket, maintainer: Actor):
    comment = comment_on_ticket(actor=maintainer, ticket=ticket, body=" Called the fire brigade. ")
    assert (comment.author, comment.body) == (maintainer.user, "Called the fire brigade.")


@pytest.mark.parametrize("body", ["", "   ", "x" * 20_001, "a\x00b"])
def test_an_empty_or_endless_comment_is_refused(ticket: Ticket, maintainer: Actor, body: str):
    with pytest.raises(InvalidInput, match="body"):
        comment_on_ticket(actor=maintainer, ticket=ticket, body=body)
    assert not Comment.objects.exists()


def test_a_reporter_sees_no_ticket_and_may_do_nothing_with_one(ticket: Ticket, reporter: Actor):
    assert not visible_tickets(reporter).exists()
    for act in (
        lambda: create_ticket(actor=reporter, title="x", priority="high", customer_tier="gold"),
        lambda: change_ticket(actor=reporter, ticket=ticket, status="closed"),
        lambda: assign_ticket(actor=reporter, ticket=ticket, assignee=None),
        lambda: comment_on_ticket(actor=reporter, ticket=ticket, body="Hello"),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_nobody_who_is_not_logged_in_gets_in(ticket: Ticket):
    assert not visible_tickets(Actor()).exists()
    with pytest.raises(NotAuthenticated):
        change_ticket(actor=Actor(), ticket=ticket, status="closed")
