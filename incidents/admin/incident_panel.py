"""The first page's box about incidents."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.facets import Counting, count_facets
from incidents.choices import EnrichmentState, IncidentStatus, Severity
from incidents.models import IncidentCategory
from incidents.services.incidents import visible_incidents
from tracker.access import may
from tracker.admin.base import actor_of
from tracker.admin.site import Panel, TrackerAdminSite

ROWS = 5
HEAVY = ("search", "description", "description_html", "attributes")
COUNTING = Counting(columns=("category_id",))
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


def incidents_panel(request: HttpRequest) -> Panel | None:
    """Incidents that are not done, counted as on their list: in one statement, and not for ever."""
    actor = actor_of(request)
    if not may(actor, "incidents", "list"):
        return None
    every = visible_incidents(actor).order_by()
    rows = every.exclude(status=IncidentStatus.DONE)
    boxes = (
        ("Not done", "ok", "", rows),
        ("Critical", "breach", "?severity=critical", rows.filter(severity=Severity.CRITICAL)),
        ("High", "alert", "?severity=high", rows.filter(severity=Severity.HIGH)),
        ("To triage", "alert", "?status=OPEN", rows.filter(status=IncidentStatus.OPEN)),
        ("Not done and mine", "info", "?assignee=me", rows.filter(assignee=request.user.pk)),
        ("Enrichment failed", "alert", "?enrichment=FAILED", rows.filter(enrichment=EnrichmentState.FAILED)),
    )
    samples = count_facets(COUNTING, [box[-1] for box in boxes])
    address = reverse("admin:incidents_incident_changelist")
    names = {str(pk): (key, name) for pk, key, name in IncidentCategory.objects.values_list("pk", "key", "name")}
    counted = samples[0].counters["category_id"].most_common()
    newest = rows.select_related("category").defer(*HEAVY).order_by("-id")[:ROWS]
    context = {
        "figures": [
            (words, tone, sample.write(sample.total), address + query)
            for (words, tone, query, _), sample in zip(boxes, samples, strict=True)
        ],
        "categories": [
            (name, samples[0].write(number), f"{address}?category={key}")
            for pk, number in counted
            for key, name in [names[str(pk)]]
        ],
        "newest": [(row, severity_badge(row.severity), issue_badge(row.status)) for row in newest],
    }
    return Panel("admin/incidents/panels/incidents.html", context, position=1, is_wide=True)


site.add_panel(incidents_panel)
