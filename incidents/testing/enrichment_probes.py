"""Probes of the addresses of what was found out about incidents."""

from incidents.testing.incident_factories import make_incident
from tracker.access import Actor
from tracker.models import User
from tracker.testing.rights import Probe, Values


def incident(owner: User) -> Values:
    """An incident of theirs."""
    return {"id": make_incident(actor=Actor.of_user(owner)).pk}


PROBES = [
    Probe("GET", "v1/incidents/{id}/enrichments", "enrichments", "list", incident),
    Probe("POST", "v1/incidents/{id}/enrich", "enrichments", "transition", incident, status=202),
]
