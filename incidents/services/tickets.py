"""What people do with tickets. Everything that touches a ticket's history goes through the door for events."""

import secrets
from datetime import timedelta
from typing import Any

from django.db import transaction

from incidents.intake.tickets import ingest_rows
from incidents.models import Comment, Ticket, TicketEvent
from incidents.querysets import TicketQuerySet
from incidents.rich_text import render_markdown
from incidents.services.policies import hold_policy
from tracker import access, clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, PermissionDenied
from tracker.models import User
from tracker.services.events import log_event
from tracker.texts import UNSTORABLE, is_storable

MAX_COMMENT_CHARACTERS = 20_000
# No letters or digits that are mistaken for one another when a number is read out over the telephone.
_ID_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def visible_tickets(actor: Actor) -> TicketQuerySet:
    """The tickets that `actor` may know of: all or none, as access.yaml says; every surface starts from here."""
    everything = Ticket.objects.all()
    return everything if access.decide(actor, "tickets", "list").is_for_all_rows else everything.none()


def create_ticket(
    *,
    actor: Actor,
    title: str,
    priority: str,
    customer_tier: str,
    description: str = "",
    project: str = "",
    status: str = "new",
    url: str = "",
) -> Ticket:
    """A ticket that somebody opens by hand: the first event of a case that no other system knows, as of now.

    Raises:
        PermissionDenied, InvalidInput: as `ingest_rows`; an empty title.
    """
    if not title.strip():
        raise InvalidInput.of_field("title", "May not be empty.")
    now = clock.now().isoformat()
    external_id = "M-" + "".join(secrets.choice(_ID_ALPHABET) for _ in range(8))
    row = {
        "id": external_id, "priority": priority, "customer_tier": customer_tier, "status": status,
        "created_at": now, "updated_at": now, "title": title.strip(), "description": description,
        "project": project, "url": url,
    }  # fmt: skip
    ingest_rows(actor=actor, rows=[{name: value for name, value in row.items() if value}])
    return Ticket.objects.get(external_id=external_id)


@transaction.atomic
def change_ticket(*, actor: Actor, ticket: Ticket, **changes: str) -> Ticket:
    """Tells the ticket's history that something changed here, now: status, priority, customer_tier, title, description.

    The new event is the latest one with these fields replaced, so that nothing else is lost.
    """
    access.require(actor, "tickets", "transition")
    allowed = {"status", "priority", "customer_tier", "title", "description"}
    for name in changes.keys() - allowed:
        raise InvalidInput.of_field(name, f"Only {', '.join(sorted(allowed))} can be changed.")
    # Before the ticket's lock: whoever publishes a policy waits for this lock while holding the policy.
    hold_policy()
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
    if all(getattr(ticket, name) == value for name, value in changes.items()):
        return ticket
    ingest_rows(actor=actor, rows=[_next_event(ticket) | changes])
    ticket.refresh_from_db()
    return ticket


def _next_event(ticket: Ticket) -> dict[str, Any]:
    """The ticket as it stands, told again one moment later; the sequence goes on where the sender counts one."""
    latest = TicketEvent.objects.filter(ticket=ticket, updated_at=ticket.updated_at, sequence=ticket.sequence)
    extra: dict[str, Any] = next((event.extra for event in latest if event.extra), {})
    row: dict[str, Any] = {
        "id": ticket.external_id, "priority": ticket.priority, "customer_tier": ticket.customer_tier,
        "status": ticket.status, "created_at": ticket.created_at.isoformat(),
        "updated_at": max(clock.now(), ticket.updated_at + timedelta(microseconds=1)).isoformat(),
    }  # fmt: skip
    if ticket.sequence is not None:
        row["sequence"] = ticket.sequence
    return extra | row


@transaction.atomic
def assign_ticket(*, actor: Actor, ticket: Ticket, assignee: User | None) -> Ticket:
    """Gives the ticket to a maintainer or admin, or to nobody.

    Raises:
        InvalidInput: the assignee may not work on tickets.
    """
    access.require(actor, "tickets", "update")
    if assignee is not None and (assignee.role == Role.REPORTER or not assignee.is_active):
        raise InvalidInput.of_field("assignee", "Must be an active maintainer or admin.")
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
    before = ticket.assignee.email if ticket.assignee else None
    after = assignee.email if assignee else None
    if before == after:
        return ticket
    ticket.assignee = assignee
    ticket.save(update_fields=["assignee"])
    log_event(
        actor=actor,
        verb="ticket.assigned",
        object_type="ticket",
        object_id=ticket.external_id,
        before={"assignee": before},
        after={"assignee": after},
    )
    return ticket


@transaction.atomic
def comment_on_ticket(*, actor: Actor, ticket: Ticket, body: str) -> Comment:
    """Adds an internal comment; the customer never sees it.

    Raises:
        PermissionDenied: only people comment, and only those who may read tickets.
        InvalidInput: empty, or longer than 20,000 characters.
    """
    access.require(actor, "tickets", "read")
    access.require(actor, "comments", "create")
    if actor.user is None:
        raise PermissionDenied("Only people comment.")
    if not is_storable(body):
        raise InvalidInput.of_field("body", UNSTORABLE)
    if not body.strip() or len(body) > MAX_COMMENT_CHARACTERS:
        raise InvalidInput.of_field("body", f"1 to {MAX_COMMENT_CHARACTERS} characters.")
    body = body.strip()
    comment = Comment.objects.create(
        ticket=ticket, author=actor.user, body=body, body_html=render_markdown(body), created_at=clock.now()
    )
    log_event(
        actor=actor,
        verb="ticket.commented",
        object_type="ticket",
        object_id=ticket.external_id,
        data={"comment_id": comment.pk},
    )
    return comment
