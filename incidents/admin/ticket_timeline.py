"""What happened to one ticket: its history, what people did, and its alerts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db.models import QuerySet

from incidents.admin.timeline import Entry, Timeline, merge_entries, read_comments
from incidents.choices import AlertState
from incidents.models import Alert, Comment, Ticket, TicketEvent
from tracker.models import Event

COMMENTED = "ticket.commented"


def read_ticket_timeline(ticket: Ticket, *, before: datetime | None = None) -> Timeline:
    """A page of a ticket's story; four queries, whatever the ticket went through."""
    own = (partial(read, ticket) for read in (_read_history, _read_actions))
    alerts = partial(read_alerts, Alert.objects.filter(ticket=ticket), {})
    return merge_entries([*own, alerts, partial(read_comments, Comment.objects.filter(ticket=ticket))], before=before)


def _read_history(ticket: Ticket, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = (
        TicketEvent.objects.filter(ticket=ticket)
        .select_related("logged_in")
        .order_by("-updated_at", "-sequence", "-id")
    )
    if before is not None:
        rows = rows.filter(updated_at__lt=before)
    # One more than is shown: the oldest shown is told as a change of the one before it.
    events = list(rows[: limit + 1])
    for place, event in enumerate(events[:limit]):
        earlier = events[place + 1] if place + 1 < len(events) else None
        who = event.logged_in.actor_label if event.logged_in else "sender"
        yield Entry(event.updated_at, "event", _tell_change(event, earlier), who)


def _tell_change(event: TicketEvent, earlier: TicketEvent | None) -> str:
    if earlier is None:
        return f"Opened as {event.status}, priority {event.priority}, tier {event.customer_tier}"
    changes = [
        f"{label} {getattr(earlier, name)} → {getattr(event, name)}"
        for name, label in (("status", "status"), ("priority", "priority"), ("customer_tier", "tier"))
        if getattr(earlier, name) != getattr(event, name)
    ]
    told = ", ".join(changes) or "told again, nothing here changed"
    return told[:1].upper() + told[1:]


def _read_actions(ticket: Ticket, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = Event.objects.filter(object_type="ticket", object_id=ticket.external_id).exclude(verb=COMMENTED)
    if before is not None:
        rows = rows.filter(at__lt=before)
    for event in rows.order_by("-id")[:limit]:
        yield Entry(event.at, "action", _tell_action(event), event.actor_label)


def _tell_action(event: Event) -> str:
    if event.verb == "ticket.assigned":
        before, after = ((part or {}).get("assignee") or "nobody" for part in (event.before, event.after))
        return f"Assigned: {before} → {after}"
    return event.verb.replace(".", " ").replace("_", " ").capitalize()


def read_alerts(
    rows: QuerySet[Alert], names: Mapping[int, str], before: datetime | None, limit: int
) -> Iterator[Entry]:
    """Alerts of tickets and what became of them; `names` are those of the tickets, where they are several."""
    rows = rows.select_related("acknowledged_by").defer("acknowledged_by__password")
    if before is not None:
        rows = rows.filter(crossed_at__lt=before)
    for alert in rows.order_by("-crossed_at", "-id")[:limit]:
        for entry in _tell_alert(alert):
            yield replace(entry, subject=names.get(alert.ticket_id, ""))


def _tell_alert(alert: Alert) -> Iterator[Entry]:
    name = f"{alert.get_sla_state_display()} of the {alert.get_kind_display().lower()} at {float(alert.percent):g} %"
    yield Entry(alert.crossed_at, str(alert.sla_state), f"{name}, level {alert.level}", "deadline")
    if alert.acknowledged_at:
        who = alert.acknowledged_by.email if alert.acknowledged_by else "somebody"
        yield Entry(alert.acknowledged_at, "action", f"{name}: acknowledged", who)
    if alert.resolved_at:
        yield Entry(alert.resolved_at, "action", f"{name}: resolved", "clock stopped")
    if alert.withdrawn_at and alert.state == AlertState.WITHDRAWN:
        yield Entry(alert.withdrawn_at, "action", f"{name}: withdrawn, it was never due", "late event")
