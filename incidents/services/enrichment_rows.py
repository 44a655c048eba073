"""The rows of what is to be found out about an incident; incidents/services/enrichments.py works them off."""

from incidents.models import Incident
from incidents.tasks import ENRICH, ring


def request_enrichment(incident: Incident) -> None:
    """Has the incident enriched once the running transaction commits."""
    ring(ENRICH)
