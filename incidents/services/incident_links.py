"""How incidents stand to issues, tickets and other incidents."""

from dataclasses import dataclass
from typing import cast

from django.db import transaction
from django.db.models import Q, QuerySet

from incidents.choices import IncidentLinkKind
from incidents.models import Incident, IncidentLink, Issue, Ticket
from incidents.services.incident_news import log_incident
from incidents.services.incidents import find_incident, lock_incident, visible_incidents
from incidents.services.issues import find_issue, visible_issues
from incidents.services.tickets import visible_tickets
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput, NotFound

MAX_LINKS = 100
TICKET_PREFIX = "ticket:"
Target = Issue | Ticket | Incident


def visible_links(actor: Actor, incident: Incident) -> QuerySet[IncidentLink]:
    """The links of an incident, in both directions, of which the actor may see both ends."""
    incidents = visible_incidents(actor, "read")
    if not incidents.filter(pk=incident.pk).exists():
        return IncidentLink.objects.none()
    # Each narrowed down to this incident's own, so that no statement reads a whole table.
    issues = visible_issues(actor, "read").filter(incident_links__incident=incident.pk)
    tickets = visible_tickets(actor).filter(incident_links__incident=incident.pk)
    others = incidents.filter(links_in__incident=incident.pk)
    sources = incidents.filter(links__other=incident.pk)
    has_seen_target = Q(issue__in=issues) | Q(ticket__in=tickets) | Q(other__in=others)
    return IncidentLink.objects.filter(
        Q(has_seen_target, incident=incident.pk) | Q(other=incident.pk, incident__in=sources)
    )


def links_to(actor: Actor, target: Issue | Ticket) -> QuerySet[IncidentLink]:
    """The links of incidents that the actor may see to an issue or a ticket that the actor sees."""
    field = "issue" if isinstance(target, Issue) else "ticket"
    seen = visible_incidents(actor, "read").filter(**{f"links__{field}": target.pk})
    return IncidentLink.objects.filter(incident__in=seen, **{field: target.pk})


@transaction.atomic
def link_incident(*, actor: Actor, incident: Incident, target: Target, kind: str) -> IncidentLink:
    """Says that the incident relates to, duplicates or was caused by `target`; saying it twice is saying it once.

    Raises:
        PermissionDenied, NotFound: who may transition an incident may link it, and must see the other thing.
        InvalidInput: to itself, of an unknown kind, or more than MAX_LINKS.
    """
    access.require(actor, "incidents", "transition")
    if kind not in IncidentLinkKind.values:
        raise InvalidInput.of_field("kind", f"Choose one of: {', '.join(IncidentLinkKind.values)}.")
    incident = lock_incident(actor, incident, action="transition")
    if not _visible_like(actor, target).filter(pk=target.pk).exists():
        raise NotFound.unseen()
    if target == incident:
        raise InvalidInput.of_field("target", "Must be another incident.")
    source = incident
    if kind == IncidentLinkKind.RELATES and isinstance(target, Incident) and target.pk < incident.pk:
        # A relation has no direction, so it has one row.
        source, target = target, incident
    field = "other" if isinstance(target, Incident) else "issue" if isinstance(target, Issue) else "ticket"
    known = IncidentLink.objects.filter(incident=source, kind=kind, **{field: target}).first()
    if known is not None:
        return known
    if IncidentLink.objects.filter(Q(incident=incident) | Q(other=incident)).count() >= MAX_LINKS:
        raise InvalidInput.of_field("target", f"An incident has up to {MAX_LINKS} links.")
    link, is_new = IncidentLink.objects.get_or_create(
        incident=source,
        kind=kind,
        **{field: target},
        defaults={"created_at": clock.now(), "created_by": actor.label[:120]},
    )
    if is_new:
        after = {"kind": kind, "target": name_of(target if source == incident else source)}
        log_incident(actor=actor, verb="incident.linked", incident=incident, after=after, is_internal=True)
    return link


@transaction.atomic
def unlink_incident(*, actor: Actor, incident: Incident, link: IncidentLink) -> None:
    """Takes back a link of the incident, in whichever direction.

    Raises:
        PermissionDenied, NotFound: as `link_incident`; no link of this incident.
    """
    access.require(actor, "incidents", "transition")
    incident = lock_incident(actor, incident, action="transition")
    rows = visible_links(actor, incident).select_related("incident", "issue__project", "ticket", "other")
    found = rows.filter(pk=link.pk).first()
    if found is None:
        raise NotFound.unseen()
    if rows.filter(pk=found.pk).delete()[0]:
        before = {"kind": found.kind, "target": name_of(seen_from(found, incident).other)}
        log_incident(actor=actor, verb="incident.unlinked", incident=incident, before=before, is_internal=True)


@dataclass(frozen=True, slots=True)
class LinkSide:
    """A link as one of its ends sees it; `direction` is out, in, or both for a relation."""

    other: Target
    direction: str


def seen_from(link: IncidentLink, incident: Incident) -> LinkSide:
    """The other end of a link, whose ends are loaded."""
    is_out = link.incident_id == incident.pk
    other = (link.issue or link.ticket or link.other) if is_out else link.incident
    direction = "both" if link.kind == IncidentLinkKind.RELATES else "out" if is_out else "in"
    return LinkSide(cast(Target, other), direction)


def name_of(target: Target) -> str:
    """What `find_target` finds it by: OPS-3, INC-5 or ticket:ID."""
    return f"{TICKET_PREFIX}{target.external_id}" if isinstance(target, Ticket) else target.key


def find_target(actor: Actor, name: str) -> Target | None:
    """What a name such as OPS-3, INC-5 or ticket:ID means, if the actor may see it. A mere number is none."""
    if name.startswith(TICKET_PREFIX):
        return visible_tickets(actor).filter(external_id=name.removeprefix(TICKET_PREFIX)).first()
    if name.isdecimal():
        return None
    return find_incident(actor, name) or find_issue(actor, name)


def _visible_like(actor: Actor, target: Target) -> "QuerySet[Issue] | QuerySet[Ticket] | QuerySet[Incident]":
    if isinstance(target, Ticket):
        return visible_tickets(actor)
    return visible_issues(actor, "read") if isinstance(target, Issue) else visible_incidents(actor, "read")
