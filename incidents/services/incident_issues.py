"""Issues that are made of incidents: what is to be done about one, in a project."""

from django.db import transaction

from incidents.choices import IncidentLinkKind
from incidents.models import Incident, Issue
from incidents.services.field_checks import MAX_DESCRIPTION_CHARACTERS
from incidents.services.incident_links import link_incident
from incidents.services.incidents import lock_incident
from incidents.services.issues import create_issue
from tracker import access
from tracker.access import Actor
from tracker.models import Project


@transaction.atomic
def open_issue_for_incident(*, actor: Actor, incident: Incident, project: Project | None) -> Issue:
    """A new issue that says what the incident says, linked to it; in the inbox where no project is given.

    Raises:
        PermissionDenied, NotFound: see access.yaml, issues.create and incidents.transition.
        InvalidInput: the project is archived, or the incident has as many links as it may have.
    """
    access.require(actor, "incidents", "transition")
    incident = lock_incident(actor, incident, action="transition")
    origin = f"From {incident.key}."
    # An incident that was imported may say more than an issue takes.
    said = incident.description[: MAX_DESCRIPTION_CHARACTERS - len(origin) - 2]
    values = {
        "title": incident.title,
        "description": f"{said}\n\n{origin}".strip(),
        "severity": incident.severity,
        "factory": incident.factory,
    }
    issue = create_issue(actor=actor, values=values, project=project)
    link_incident(actor=actor, incident=incident, target=issue, kind=IncidentLinkKind.RELATES)
    return issue
