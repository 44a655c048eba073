"""The first page's boxes about incidents."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.facets import SAMPLE, Counting, count_facets, count_totals
from incidents.choices import EnrichmentState, IncidentStatus, Severity
from incidents.models import IncidentCategory
from incidents.services.incidents import visible_incidents
from tracker.access import may
from tracker.admin.base import actor_of
from tracker.admin.site import Panel, TrackerAdminSite
from tracker.admin.tiles import BarRow, find_tone, measure_bars

ROWS, MOST_BARS = 5, 10
LIVE = ("incident", "category")
HEAVY = ("search", "description", "description_html", "attributes")
COUNTING = Counting(columns=("category_id",))
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


def incidents_panel(request: HttpRequest) -> Panel | None:
    """Incidents that are not done, counted as on their list: in one statement, and not for ever."""
    actor = actor_of(request)
    if not may(actor, "incidents", "list"):
        return None
    rows = visible_incidents(actor).order_by().exclude(status=IncidentStatus.DONE)
    boxes = (
        ("Not done", "ok", "", rows),
        ("Critical", "breach", "?severity=critical", rows.filter(severity=Severity.CRITICAL)),
        ("High", "alert", "?severity=high", rows.filter(severity=Severity.HIGH)),
        ("To triage", "alert", "?status=OPEN", rows.filter(status=IncidentStatus.OPEN)),
        ("Not done and mine", "info", "?assignee=me", rows.filter(assignee=request.user.pk)),
        ("Enrichment failed", "alert", "?enrichment=FAILED", rows.filter(enrichment=EnrichmentState.FAILED)),
    )
    samples = count_totals([box[-1] for box in boxes])
    address = reverse("admin:incidents_incident_changelist")
    newest = rows.select_related("category").defer(*HEAVY).order_by("-id")[:ROWS]
    context = {
        "figures": [
            (words, find_tone(tone, sample.write(sample.total)), sample.write(sample.total), address + query)
            for (words, tone, query, _), sample in zip(boxes, samples, strict=True)
        ],
        "newest": [(row, severity_badge(row.severity), issue_badge(row.status)) for row in newest],
    }
    return Panel("admin/incidents/panels/incidents.html", context, position=4, is_wide=True, live_types=LIVE)


def categories_panel(request: HttpRequest) -> Panel | None:
    """What kind of incidents are not done; where there are many, of those that changed last."""
    actor = actor_of(request)
    if not may(actor, "incidents", "list"):
        return None
    rows = visible_incidents(actor).exclude(status=IncidentStatus.DONE).order_by("-updated_at", "-id")
    (sample,) = count_facets(COUNTING, [rows])
    address = reverse("admin:incidents_incident_changelist")
    names = {str(pk): (key, name) for pk, key, name in IncidentCategory.objects.values_list("pk", "key", "name")}
    counted = [(str(pk), number) for pk, number in sample.counters["category_id"].most_common() if str(pk) in names]
    shares = measure_bars([number for _, number in counted])
    bars = [
        BarRow(names[pk][1], f"{number:,}", share, f"{address}?category={names[pk][0]}")
        for (pk, number), share in zip(counted, shares, strict=True)
    ]
    context = {"bars": bars[:MOST_BARS], "others": len(bars[MOST_BARS:]), "sample": SAMPLE if sample.is_capped else 0}
    return Panel("admin/incidents/panels/categories.html", {**context, "address": address}, 11, live_types=LIVE)


for build in (incidents_panel, categories_panel):
    site.add_panel(build)
