"""What happened to one ticket, newest first: its history, what people did, and its alerts, merged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from incidents.choices import AlertState
from incidents.models import Alert, Comment, Ticket, TicketEvent
from tracker.models import Event

PAGE_SIZE = 50
COMMENTED = "ticket.commented"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `tone` is event, comment, action, alert or breach."""

    at: datetime
    tone: str
    words: str
    who: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries; `older_than` is where the next page begins, None at the end."""

    entries: list[Entry]
    older_than: datetime | None


def read_timeline(ticket: Ticket, *, before: datetime | None = None, size: int = PAGE_SIZE) -> Timeline:
    """About the newest `size` entries before a moment; four queries, whatever the ticket went through.

    Entries of one moment are never torn apart, so that asking for what is older loses nothing.
    """
    sources = (_read_history, _read_actions, _read_comments, _read_alerts)
    entries = [entry for read in sources for entry in read(ticket, before, size + 1)]
    entries = [entry for entry in entries if before is None or entry.at < before]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    if len(entries) <= size:
        return Timeline(entries, None)
    shown = [entry for entry in entries[:size] if entry.at > entries[size].at]
    # More than a page in one moment: take a larger page rather than a part of the moment.
    return Timeline(shown, shown[-1].at) if shown else read_timeline(ticket, before=before, size=size * 4)


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


def _read_comments(ticket: Ticket, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = Comment.objects.filter(ticket=ticket).select_related("author").defer("author__password")
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    for comment in rows.order_by("-id")[:limit]:
        author = comment.author.full_name or comment.author.email
        yield Entry(comment.created_at, "comment", "Comment", author, comment.body)


def _read_alerts(ticket: Ticket, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = Alert.objects.filter(ticket=ticket).select_related("acknowledged_by").defer("acknowledged_by__password")
    for alert in rows.order_by("-id")[:limit]:
        name = (
            f"{alert.get_sla_state_display()} of the {alert.get_kind_display().lower()} at {float(alert.percent):g} %"
        )
        yield Entry(alert.crossed_at, str(alert.sla_state), f"{name}, level {alert.level}", "deadline")
        if alert.acknowledged_at:
            who = alert.acknowledged_by.email if alert.acknowledged_by else "somebody"
            yield Entry(alert.acknowledged_at, "action", f"{name}: acknowledged", who)
        if alert.resolved_at:
            yield Entry(alert.resolved_at, "action", f"{name}: resolved", "clock stopped")
        if alert.withdrawn_at and alert.state == AlertState.WITHDRAWN:
            yield Entry(alert.withdrawn_at, "action", f"{name}: withdrawn, it was never due", "late event")
