"""What happened to one incident, and to the issues, tickets and incidents that it is linked with."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from incidents.admin.ticket_timeline import read_alerts
from incidents.admin.timeline import Entry, Reader, Timeline, merge_entries, read_comments
from incidents.admin.told_changes import UNTOLD, read_changes, read_files, read_moves, verbs
from incidents.choices import IncidentStatus
from incidents.models import Alert, Attachment, HookSignal, Incident, IncidentSpan, TicketEvent
from incidents.services.attachments import visible_attachments
from incidents.services.comments import visible_incident_comments
from incidents.services.incident_story import SAID, Linked, linked_comments, linked_lines, own_lines, read_linked
from tracker import access
from tracker.access import Actor

LABELS = dict(IncidentStatus.choices)
MOST_FILES = 200
# Whoever follows a link wants to know where things stand, not each time that somebody looked.
OF_NO_INTEREST = (*SAID, *verbs("issue", ("watched", "unwatched", "file_added")))


def read_incident_timeline(
    actor: Actor, incident: Incident, before: datetime | None = None, *, files: Sequence[Attachment] | None = None
) -> Timeline:
    """A page of an incident's story as the actor may know it; the same number of queries however much is linked.

    `files` are those of the incident, where they were read before. Entries about what is linked name it in `subject`.
    """
    if files is None:
        files = list(visible_attachments(actor, incident).order_by("-id")[:MOST_FILES])
    own = own_lines(actor, incident).exclude(verb__in=verbs("incident", UNTOLD))
    readers: list[Reader] = [
        partial(read_moves, IncidentSpan.objects.filter(incident=incident), LABELS),
        partial(read_changes, own, None),
        partial(read_files, files),
        partial(read_comments, visible_incident_comments(actor, incident)),
    ]
    if access.may(actor, "hooks", "read"):
        readers.append(partial(_read_signals, incident))
    return merge_entries([*readers, *_linked_readers(read_linked(actor, incident))], before=before)


def _linked_readers(linked: Linked) -> list[Reader]:
    if not (linked.issues or linked.tickets or linked.incidents):
        return []
    lines = linked_lines(linked).exclude(verb__in=OF_NO_INTEREST)
    readers: list[Reader] = [
        partial(read_changes, lines, lambda event: linked.name(event.object_type, event.object_id)),
        partial(_read_linked_comments, linked),
    ]
    if linked.tickets:
        alerts = Alert.objects.filter(ticket__in=list(linked.tickets))
        readers += [partial(_read_tickets, linked), partial(read_alerts, alerts, linked.tickets)]
    return readers


def _read_linked_comments(linked: Linked, before: datetime | None, limit: int) -> Iterator[Entry]:
    for entry in read_comments(linked_comments(linked), before, limit):
        yield replace(entry, subject=linked.name_of_comment(entry.comment)) if entry.comment else entry


def _read_tickets(linked: Linked, before: datetime | None, limit: int) -> Iterator[Entry]:
    rows = TicketEvent.objects.filter(ticket__in=list(linked.tickets)).select_related("logged_in")
    if before is not None:
        rows = rows.filter(updated_at__lt=before)
    for event in rows.order_by("-updated_at", "-sequence", "-id")[:limit]:
        words = f"{event.status.capitalize()}, priority {event.priority}, tier {event.customer_tier}"
        who = event.logged_in.actor_label if event.logged_in else "sender"
        yield Entry(event.updated_at, "event", words, who, subject=linked.tickets[event.ticket_id])


def _read_signals(incident: Incident, before: datetime | None, limit: int) -> Iterator[Entry]:
    """A sender's signals: when each began, was last told of, and ended."""
    rows = HookSignal.objects.filter(incident=incident).select_related("hook").order_by("-id")
    if before is not None:
        rows = rows.filter(first_at__lt=before)
    for signal in rows[:limit]:
        name = f"Signal {signal.fingerprint[:40]}"
        yield Entry(signal.first_at, "alert", f"{name} began", signal.hook.name)
        if signal.count > 1:
            yield Entry(signal.last_at, "alert", f"{name} came again, {signal.count} times by now", signal.hook.name)
        if signal.closed_at is not None:
            yield Entry(signal.closed_at, "event", f"{name} ended", signal.hook.name)
