"""Probes of the addresses of incidents and their categories."""

from incidents.models import IncidentCategory
from incidents.testing.incident_factories import make_incident
from tracker.access import Actor
from tracker.models import User
from tracker.testing.rights import Probe, Values


def incident(owner: User) -> Values:
    """An incident that they reported."""
    return {"id": make_incident(actor=Actor.of_user(owner)).pk}


def category(owner: User) -> Values:
    """A category; categories are nobody's own."""
    number = IncidentCategory.objects.count()
    return {"id": IncidentCategory.objects.create(key=f"kind_{number}", name=f"Kind {number}").key}


ONE = "v1/incidents/{id}"
CATEGORIES = "v1/incident-categories"
ONE_CATEGORY = "v1/incident-categories/{id}"
NEW = {"category": "theft", "title": "Bicycle gone"}
PROBES = [
    Probe("GET", "v1/incidents", "incidents", "list"),
    Probe("POST", "v1/incidents", "incidents", "create", body=NEW, status=201),
    Probe("GET", "v1/incidents/stats", "incidents", "list"),
    Probe("GET", "v1/incidents/export", "incidents", "export"),
    Probe("GET", ONE, "incidents", "read", incident),
    Probe("PATCH", ONE, "incidents", "update", incident, body={"description": "New"}),
    Probe("DELETE", ONE, "incidents", "delete", incident, status=204),
    Probe("POST", f"{ONE}/transition", "incidents", "transition", incident, body={"status": "TRIAGED"}),
    Probe("GET", CATEGORIES, "incident_categories", "list"),
    Probe("POST", CATEGORIES, "incident_categories", "create", body={"key": "fire", "name": "Fire"}, status=201),
    Probe("GET", ONE_CATEGORY, "incident_categories", "read", category),
    Probe("PATCH", ONE_CATEGORY, "incident_categories", "update", category, body={"name": "New"}),
    Probe("DELETE", ONE_CATEGORY, "incident_categories", "delete", category, status=204),
]
