"""An incident's way through its statuses, along the table in access.yaml."""

from django.db import transaction

from incidents.choices import IncidentStatus
from incidents.models import Incident
from incidents.services.incident_news import log_incident, tell_incident_people
from incidents.services.incidents import lock_incident
from incidents.services.steps import next_status, take_step
from tracker import access
from tracker.access import Actor


@transaction.atomic
def move_incident(*, actor: Actor, incident: Incident, status: str) -> Incident:
    """Moves an incident to another status; every stay is kept, and a reopening clears `triaged_at` and `done_at`.

    Raises:
        PermissionDenied, NotFound: see access.yaml, incidents.transition.
        Conflict: there is no such move from where the incident stands; it names those there are.
    """
    access.require(actor, "incidents", "transition")
    incident = lock_incident(actor, incident, action="transition")
    _take_step(actor, incident, status)
    what = f"moved it to {IncidentStatus(status).label.lower()}"
    tell_incident_people(actor=actor, incident=incident, what=what)
    return incident


@transaction.atomic
def finish_incident(*, actor: Actor, incident: Incident) -> Incident:
    """Moves an incident step by step to DONE, so that its history is like any other's; done already is done.

    Raises: as `move_incident`.
    """
    access.require(actor, "incidents", "transition")
    incident = lock_incident(actor, incident, action="transition")
    if incident.status == IncidentStatus.DONE:
        return incident
    while incident.status != IncidentStatus.DONE:
        _take_step(actor, incident, next_status(incident.status))
    tell_incident_people(actor=actor, incident=incident, what="closed it")
    return incident


def _take_step(actor: Actor, incident: Incident, status: str) -> None:
    before = take_step(actor=actor, row=incident, status=status)
    log_incident(
        actor=actor, verb="incident.moved", incident=incident, before={"status": before}, after={"status": status}
    )
