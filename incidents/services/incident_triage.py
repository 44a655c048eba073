"""Triage of many incidents at once."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from incidents.choices import IncidentStatus
from incidents.models import Incident
from incidents.services.incident_fields import check_incident_fields
from incidents.services.incident_moves import move_incident
from incidents.services.incidents import update_incident, visible_incidents
from incidents.services.steps import next_status
from incidents.services.triage_rows import TriageResult, check_ids, find_rows, triage_each
from tracker import access
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput

NOUNS = "incidents"


def triage_incidents(
    *, actor: Actor, ids: Sequence[int], changes: Mapping[str, Any], status: str | None = None
) -> list[TriageResult[Incident]]:
    """Changes up to MAX_ROWS incidents; one that refuses leaves the others alone. In the order of `ids`.

    Raises:
        PermissionDenied: see access.yaml, incidents.update and incidents.transition.
        NotFound: one of the ids is not there or not to be seen; nothing is changed then.
        InvalidInput: nothing to change, too many incidents, or a field that the actor may not write.
    """
    access.require(actor, "incidents", "update")
    if status is not None:
        access.require(actor, "incidents", "transition")
    check_incident_fields(actor, list(changes))
    check_ids(ids, nouns=NOUNS)
    if not changes and status is None:
        raise InvalidInput.of_field("changes", "Say what to change.")
    return triage_each(_find_all(actor, ids), partial(_triage, actor=actor, changes=changes, status=status))


def advance_incidents(*, actor: Actor, ids: Sequence[int]) -> list[TriageResult[Incident]]:
    """Moves up to MAX_ROWS incidents one step towards done; one that is done refuses: reopening is another matter.

    Raises: as `triage_incidents`.
    """
    access.require(actor, "incidents", "transition")
    check_ids(ids, nouns=NOUNS)
    return triage_each(_find_all(actor, ids), partial(_advance, actor=actor))


def _find_all(actor: Actor, ids: Sequence[int]) -> list[Incident]:
    return find_rows(visible_incidents(actor, "update").select_related("category"), ids, nouns=NOUNS)


def _triage(incident: Incident, *, actor: Actor, changes: Mapping[str, Any], status: str | None) -> Incident:
    if changes:
        incident = update_incident(actor=actor, incident=incident, changes=changes)
    if status is not None and incident.status != status:
        incident = move_incident(actor=actor, incident=incident, status=status)
    return incident


def _advance(incident: Incident, *, actor: Actor) -> Incident:
    if incident.status == IncidentStatus.DONE:
        raise Conflict(f"{incident.key} is done already.")
    return move_incident(actor=actor, incident=incident, status=next_status(incident.status))
