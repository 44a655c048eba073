"""Figures about incidents, counted by the database within the caller's rights."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from incidents.choices import EnrichmentState, IncidentStatus, Severity
from incidents.models import IncidentCategory
from incidents.services.incidents import visible_incidents
from tracker import access
from tracker.access import Actor


@dataclass(frozen=True, slots=True)
class IncidentStats:
    """How many incidents there are; each breakdown has every word, with 0 where there is none."""

    total_incidents: int
    open_incidents: int
    status_breakdown: Mapping[str, int]
    severity_breakdown: Mapping[str, int]
    enrichment_breakdown: Mapping[str, int]
    category_breakdown: Mapping[str, int]


def count_incidents(*, actor: Actor) -> IncidentStats:
    """Figures of the incidents that the actor may see.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, incidents.list.
    """
    access.require(actor, "incidents", "list")
    names = ("status", "severity", "enrichment", "category__key")
    groups = visible_incidents(actor).order_by().values_list(*names).annotate(count=Count("pk"))
    by_status, by_severity = dict.fromkeys(IncidentStatus.values, 0), dict.fromkeys(Severity.values, 0)
    by_enrichment = dict.fromkeys(EnrichmentState.values, 0)
    by_category = dict.fromkeys(IncidentCategory.objects.values_list("key", flat=True), 0)
    for status, severity, enrichment, category, count in groups:
        by_status[status] += count
        by_severity[severity] += count
        by_enrichment[enrichment] += count
        by_category[category] = by_category.get(category, 0) + count
    total = sum(by_status.values())
    is_open = total - by_status[IncidentStatus.DONE]
    return IncidentStats(total, is_open, by_status, by_severity, by_enrichment, by_category)
