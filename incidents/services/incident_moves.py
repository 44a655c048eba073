"""An incident's way through its statuses, along the table in access.yaml."""

from django.db import transaction

from incidents.choices import IncidentStatus
from incidents.models import Incident, IncidentSpan
from incidents.services.incident_news import log_incident, tell_incident_people
from incidents.services.incidents import lock_incident
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError

WAY_TO_DONE = tuple(IncidentStatus)


def possible_incident_moves(status: str) -> list[str]:
    """The statuses that an incident may go to from `status`."""
    return [after for before, after in access.table()["transitions"]["incidents"] if before == status]


@transaction.atomic
def move_incident(*, actor: Actor, incident: Incident, status: str) -> Incident:
    """Moves an incident to another status; every stay is kept, and a reopening clears `triaged_at` and `done_at`.

    Raises:
        PermissionDenied, NotFound: see access.yaml, incidents.transition.
        Conflict: there is no such move from where the incident stands; it names those there are.
    """
    access.require(actor, "incidents", "transition")
    incident = lock_incident(actor, incident, action="transition")
    _step(actor, incident, IncidentStatus(status))
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
    steps = WAY_TO_DONE[WAY_TO_DONE.index(IncidentStatus(incident.status)) + 1 :]
    for status in steps:
        _step(actor, incident, status)
    if steps:
        tell_incident_people(actor=actor, incident=incident, what="closed it")
    return incident


def _step(actor: Actor, incident: Incident, status: IncidentStatus) -> None:
    if status not in (moves := possible_incident_moves(incident.status)):
        allowed = " or ".join(moves)
        message = f"{incident.key} is {incident.status}; from there it goes to {allowed}, not to {status}."
        raise Conflict(message, details=[FieldError("status", f"Must be {allowed}.")])
    stay = incident.spans.get(ended_at=None)
    # A clock that was set back must not make a stay end before it began.
    now, before = max(clock.now(), stay.started_at), incident.status
    stay.ended_at = now
    stay.save(update_fields=["ended_at"])
    IncidentSpan.objects.create(incident=incident, status=status, started_at=now, started_by=actor.label[:120])
    incident.status = status
    incident.triaged_at = {IncidentStatus.OPEN: None, IncidentStatus.TRIAGED: now}.get(status, incident.triaged_at)
    incident.done_at = now if status == IncidentStatus.DONE else None
    incident.updated_at = now
    incident.save(update_fields=["status", "triaged_at", "done_at", "updated_at"])
    log_incident(
        actor=actor, verb="incident.moved", incident=incident, before={"status": before}, after={"status": status}
    )
