"""Incidents: reported, changed and deleted through one door each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from incidents.models import Incident
from incidents.models.incidents import KEY_PREFIX
from incidents.services.enrichment_rows import request_enrichment
from incidents.services.incident_fields import (
    check_incident_fields,
    check_whole,
    clean_incident_values,
    derive_title,
    follow_description,
    incident_facts,
)
from incidents.services.incident_news import (
    log_incident,
    tell_incident_assignee,
    tell_incident_changes,
    tell_incident_mentioned,
)
from incidents.services.incident_search import refresh_incident_search
from incidents.services.steps import begin_stays, build_stay
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import NotFound
from tracker.row_ids import read_row_id

FIELDS = (
    "category", "title", "description", "severity", "place", "latitude", "longitude", "factory", "project",
    "occurred_at", "loss_estimate", "recovery", "assignee",
)  # fmt: skip
SEARCHED = {"title", "place", "description"}
# What the providers look at: whoever changes it wants to know anew.
LOOKED_UP = {"category", "latitude", "longitude", "occurred_at", "place", "factory"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an incident came from, which no body may say. `ip` is the reporter's address, as the proxies vouch for it;
    `reporter_label` names who reported it where that is nobody with an account."""

    ip: str = ""
    reporter_label: str = ""
    source: str = ""
    source_id: str = ""
    reported_at: datetime | None = None


def visible_incidents(actor: Actor, action: str = "list") -> QuerySet[Incident]:
    """The one rule of which incidents an actor may know of (or change, for `action="update"`): all, or one's own."""
    decision = access.decide(actor, "incidents", action)
    if decision.is_for_all_rows:
        return Incident.objects.all()
    if decision.is_allowed and actor.user is not None:
        return Incident.objects.filter(reporter=actor.user)
    return Incident.objects.none()


def create_incident(*, actor: Actor, values: Mapping[str, Any], origin: Origin | None = None) -> Incident:
    """A new incident, to be enriched once this is committed.

    `values` holds category (a row), a title or a description, and what else the actor may write
    (`incident_fields_of`); rows for factory, project and assignee. Without `occurred_at` it happened now.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, incidents.create.
        InvalidInput: naming each field.
    """
    access.require(actor, "incidents", "create")
    return record_incident(actor=actor, values=values, origin=origin)


@transaction.atomic
def record_incident(*, actor: Actor, values: Mapping[str, Any], origin: Origin | None = None) -> Incident:
    """`create_incident` for entrances that have checked by a rule of their own that the actor may report."""
    check_incident_fields(actor, values)
    cleaned = clean_incident_values({"description": "", **values})
    check_whole(cleaned)
    origin, now = origin or Origin(), clock.now()
    reported_at = origin.reported_at or now
    incident = Incident(
        **{"occurred_at": reported_at, **cleaned, "title": derive_title(cleaned)},
        reporter=actor.user,
        reporter_label=origin.reporter_label[:254],
        ip=origin.ip or None,
        source=origin.source,
        source_id=origin.source_id,
        created_at=reported_at,
        updated_at=now,
    )
    incident.save(force_insert=True)
    build_stay(incident, started_at=reported_at, by=actor.label).save()
    refresh_incident_search([incident.pk])
    after = {"title": incident.title, "category": incident.category.key, "severity": incident.severity}
    log_incident(actor=actor, verb="incident.created", incident=incident, after=after)
    tell_incident_assignee(actor=actor, incident=incident)
    tell_incident_mentioned(actor=actor, incident=incident, text=incident.description)
    request_enrichment(incident)
    return incident


@transaction.atomic
def update_incident(*, actor: Actor, incident: Incident, changes: Mapping[str, Any]) -> Incident:
    """Changes fields of an incident; those that hold the same already are left alone, and nothing changed is no event.

    Raises: as `create_incident`; NotFound where the actor may not change this incident; Conflict where it is too late.
    """
    access.require(actor, "incidents", "update")
    incident = lock_incident(actor, incident, action="update")
    check_incident_fields(actor, changes, incident=incident)
    cleaned = clean_incident_values(changes)
    follow_description(incident, cleaned)
    changed = [name for name in FIELDS if name in cleaned and getattr(incident, name) != cleaned[name]]
    if not changed:
        return incident
    before = incident_facts(incident, changed)
    for name in changed:
        setattr(incident, name, cleaned[name])
    check_whole({name: getattr(incident, name) for name in FIELDS})
    if "title" in changed:
        incident.title = derive_title({name: getattr(incident, name) for name in FIELDS})
    after = incident_facts(incident, changed)
    _save_changes(actor, incident, changed, cleaned.get("description_html", incident.description_html))
    log_incident(actor=actor, verb="incident.updated", incident=incident, before=before, after=after)
    told = tell_incident_assignee(actor=actor, incident=incident) if "assignee" in changed else set()
    if "description" in changed:
        known = str(before["description"])
        told |= tell_incident_mentioned(actor=actor, incident=incident, text=incident.description, known=known)
    tell_incident_changes(actor=actor, incident=incident, fields=changed, except_ids=told)
    return incident


@transaction.atomic
def delete_incident(*, actor: Actor, incident: Incident) -> None:
    """Deletes an incident with its comments and files; the log keeps what it was.

    Raises:
        PermissionDenied, NotFound: see access.yaml, incidents.delete.
    """
    access.require(actor, "incidents", "delete")
    incident = lock_incident(actor, incident, action="delete")
    log_incident(actor=actor, verb="incident.deleted", incident=incident, before={"title": incident.title})
    incident.delete()


def lock_incident(actor: Actor, incident: Incident, *, action: str) -> Incident:
    """The incident's row, locked and fresh; 404 for whoever may not do `action` to it."""
    rows = visible_incidents(actor, action).select_related("category", "reporter", "assignee", "factory", "project")
    found = rows.select_for_update(of=("self",), no_key=True).filter(pk=incident.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found


def named_incident(name: str) -> Q | None:
    """What finds the incident of this id or key (INC-12); None for what is neither."""
    number = name[len(KEY_PREFIX) :] if name.upper().startswith(KEY_PREFIX) else name
    pk = read_row_id(number)
    return Q(pk=pk) if pk is not None else None


def find_incident(actor: Actor, name: str) -> Incident | None:
    """The incident of this id or key, if the actor may see it."""
    named = named_incident(name)
    return visible_incidents(actor, "read").select_related("category").filter(named).first() if named else None


def _save_changes(actor: Actor, incident: Incident, changed: list[str], description_html: str) -> None:
    incident.description_html, incident.updated_at = description_html, clock.now()
    begin_stays([incident], at=incident.updated_at, by=actor.label)
    incident.save(update_fields=[*changed, "description_html", "updated_at"])
    if SEARCHED & set(changed):
        refresh_incident_search([incident.pk])
    if LOOKED_UP & set(changed):
        request_enrichment(incident)
