"""Insight: figures about incidents as charts and tables, each of which leads to the incidents it counts."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from incidents.admin.analysis_charts import Leads, build_sections
from incidents.choices import Recovery
from incidents.models import IncidentAnalysis, IncidentCategory
from incidents.services.incident_analysis import analyse_incidents
from incidents.services.incident_figures import Analysis
from incidents.services.incident_scope import PARAMETERS, read_scope
from tracker.admin.base import AccessAdmin, actor_of
from tracker.exceptions import InvalidInput
from tracker.models import Factory
from tracker.services.projects import visible_projects

OFFERED = 200
LONGEST_VALUE = 60
# What every list takes, and this page has no use for.
HARMLESS = ("p", "o", "q", "e", "all")
LIST = "admin:incidents_incident_changelist"


@admin.register(IncidentAnalysis)
class IncidentAnalysisAdmin(AccessAdmin[IncidentAnalysis]):
    """One page, and no rows of its own."""

    resource = "incidents"
    menu = ("Work", 4)

    def has_view_permission(self, request: HttpRequest, obj: IncidentAnalysis | None = None) -> bool:
        """The page; a row has one of its own among the incidents."""
        return obj is None and super().has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Figures are made by counting."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: IncidentAnalysis | None = None) -> bool:
        """Nor are they changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: IncidentAnalysis | None = None) -> bool:
        """Or deleted."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page: GET only."""
        if not self.has_view_permission(request) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if unknown := request.GET.keys() - {*PARAMETERS, *HARMLESS}:
            raise DisallowedModelAdminLookup(f"No parameter {min(unknown)[:LONGEST_VALUE]!r}.")
        asked = {name: request.GET.get(name, "").strip()[:LONGEST_VALUE] for name in PARAMETERS}
        context = {
            **self.admin_site.each_context(request),
            "title": "Analysis",
            "opts": self.opts,
            "asked": asked,
            "choices": self._offer(request),
            **self._analyse(request, asked),
        }
        return TemplateResponse(request, "admin/incidents/analysis/page.html", context)

    def _analyse(self, request: HttpRequest, asked: dict[str, str]) -> dict[str, Any]:
        try:
            actor, zone = actor_of(request), timezone.get_current_timezone()
            scope = read_scope(actor=actor, params=asked, zone=zone, are_days_only=True)
        except InvalidInput as error:
            return {"refusal": error, "refused": {fault.field for fault in error.details}}
        analysis = analyse_incidents(actor=actor, scope=scope)
        leads = make_leads(asked)
        return {"analysis": analysis, "figures": _write_figures(analysis, leads), **build_sections(analysis, leads)}

    def _offer(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "categories": IncidentCategory.objects.filter(archived_at=None)[:OFFERED],
            "projects": visible_projects(actor_of(request)).filter(archived_at=None).order_by("key")[:OFFERED],
            "factories": Factory.objects.order_by("name")[:OFFERED],
        }


def make_leads(asked: dict[str, str]) -> Leads:
    """What makes the address of the list with what was asked for here, and with what a figure adds to it."""
    names = {"from": "occurred_from", "to": "occurred_to"}
    common = {names.get(name, name): value for name, value in asked.items() if value}
    address = reverse(LIST)

    def lead(**more: str | int) -> str:
        return f"{address}?{urlencode({'status': 'all', **common, **more})}"

    return lead


def _write_figures(analysis: Analysis, leads: Leads) -> list[tuple[str, str, str, str]]:
    """Words, tone, figure and address of the boxes at the top."""
    rate = analysis.recovery_rate
    figures = [
        ("Incidents", "ok", f"{analysis.total:,}", leads()),
        ("Missing", "alert", f"{analysis.missing:,}", leads(recovery=Recovery.MISSING.value)),
        ("Recovered", "info", f"{analysis.recovered:,}", leads(recovery=Recovery.RECOVERED.value)),
    ]
    if rate is not None:
        figures.append(("Recovery rate", "info", f"{rate:.1%}", leads(recovery=Recovery.RECOVERED.value)))
    if analysis.with_loss:
        words = f"Estimated loss, of {analysis.with_loss:,} incidents"
        figures.append((words, "quiet", f"{analysis.loss:,.0f}", leads()))
    return figures
