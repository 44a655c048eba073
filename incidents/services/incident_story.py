"""What happened to an incident and to what it is linked with, as far as the actor may know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from incidents.models import Comment, Incident, IncidentLink, Issue, Ticket
from incidents.services.carriers import sees_internals
from incidents.services.incident_links import Target, name_of, seen_from, visible_links
from incidents.services.incidents import visible_incidents
from tracker.access import Actor
from tracker.models import Event

# Comments of others are told with their text or not at all.
SAID = ("issue.commented", "issue.comment_edited", "incident.commented", "incident.comment_edited", "ticket.commented")


LINK_ENDS = ("incident", "issue__project", "ticket", "other")


@dataclass(frozen=True, slots=True)
class Linked:
    """What an incident is linked with, by kind and id, and how people call it."""

    issues: Mapping[int, str] = field(default_factory=dict)
    tickets: Mapping[int, str] = field(default_factory=dict)
    incidents: Mapping[int, str] = field(default_factory=dict)
    ticket_names: Mapping[str, str] = field(default_factory=dict)

    def name(self, object_type: str, object_id: str) -> str:
        """The name of what a line of the log is about; empty for the incident itself."""
        if object_type == "ticket":
            return self.ticket_names.get(object_id, "")
        return (self.issues if object_type == "issue" else self.incidents).get(int(object_id), "")

    def name_of_comment(self, comment: Comment) -> str:
        """The name of what somebody spoke about."""
        if comment.ticket_id is not None:
            return self.tickets.get(comment.ticket_id, "")
        if comment.issue_id is not None:
            return self.issues.get(comment.issue_id, "")
        return self.incidents.get(comment.incident_id or 0, "")


def load_links(actor: Actor, incident: Incident) -> list[IncidentLink]:
    """`visible_links` with both ends, in one query."""
    links = visible_links(actor, incident).select_related(*LINK_ENDS)
    ends = ("incident", "issue", "ticket", "other")
    heavy = [f"{end}__{name}" for end in ends for name in ("search", "description")]
    return list(links.defer(*heavy))


def read_linked(actor: Actor, incident: Incident) -> Linked:
    """What the actor may know of the things that the incident is linked with: reporters, nothing."""
    if not sees_internals(actor):
        return Linked()
    targets: list[Target] = [seen_from(link, incident).other for link in load_links(actor, incident)]
    tickets = [target for target in targets if isinstance(target, Ticket)]
    return Linked(
        issues={target.pk: name_of(target) for target in targets if isinstance(target, Issue)},
        tickets={ticket.pk: name_of(ticket) for ticket in tickets},
        incidents={target.pk: name_of(target) for target in targets if isinstance(target, Incident)},
        ticket_names={ticket.external_id: name_of(ticket) for ticket in tickets},
    )


def own_lines(actor: Actor, incident: Incident) -> QuerySet[Event]:
    """The lines of the log about the incident; what is internal, not for its reporter."""
    if not visible_incidents(actor, "read").filter(pk=incident.pk).exists():
        return Event.objects.none()
    lines = Event.objects.filter(object_type="incident", object_id=str(incident.pk))
    return lines if sees_internals(actor) else lines.exclude(data__contains={"is_internal": True})


def story_lines(actor: Actor, incident: Incident, linked: Linked) -> QuerySet[Event]:
    """The lines of the log about the incident and about what it is linked with."""
    return own_lines(actor, incident) | linked_lines(linked)


def linked_lines(linked: Linked) -> QuerySet[Event]:
    """The lines about what the incident is linked with."""
    return Event.objects.filter(
        Q(object_type="issue", object_id__in=[str(pk) for pk in linked.issues])
        | Q(object_type="incident", object_id__in=[str(pk) for pk in linked.incidents])
        | Q(object_type="ticket", object_id__in=list(linked.ticket_names))
    )


def linked_comments(linked: Linked) -> QuerySet[Comment]:
    """What people said about what the incident is linked with."""
    return Comment.objects.filter(
        Q(issue__in=list(linked.issues)) | Q(ticket__in=list(linked.tickets)) | Q(incident__in=list(linked.incidents))
    )
