"""The incident list: what is not done, the newest change first."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.facets import CountedPage, Counting, FacetFilter, Sample, count_facets
from incidents.admin.history_filter import history_of
from incidents.admin.incident_enrichment import enrichment_badge
from incidents.admin.incident_filters import (
    AssigneeFilter,
    CategoryFilter,
    EnrichmentFilter,
    FactoryFilter,
    HourFilter,
    NearFilter,
    OccurredFilter,
    ProjectFilter,
    RecoveryFilter,
    WeekdayFilter,
)
from incidents.admin.incident_page import IncidentPage
from incidents.admin.incident_triage import IncidentTriage
from incidents.admin.issue_filters import KEY, ReporterFilter, SeverityFilter, StatusFilter
from incidents.models import Incident
from incidents.services.incidents import named_incident, visible_incidents
from incidents.services.issue_search import search_query_of
from incidents.services.past_sets import WORK, incidents_of
from tracker.admin.base import actor_of
from tracker.admin.formats import write_moment
from tracker.admin.saved_views import SavedViewsPage

HEAVY = ("search", "description", "description_html", "attributes", "assignee__password")
TITLE_CHARACTERS = 160
COUNTING = Counting(
    columns=(
        "status", "severity", "enrichment", "recovery", "category_id", "project_id", "factory_id", "assignee_id",
        "reporter_id",
    )
)  # fmt: skip


@admin.register(Incident)
class IncidentAdmin(SavedViewsPage[Incident], CountedPage[Incident], IncidentTriage, IncidentPage):
    """What happened where, how bad it is, and who has it."""

    menu = ("Work", 1)
    live_types = "incident"
    list_display = (
        "key_cell",
        "title_cell",
        "category_cell",
        "severity_cell",
        "status_cell",
        "enrichment_cell",
        "assignee_cell",
        "occurred_cell",
        "updated_cell",
        "quick_cell",
    )
    list_display_links = ("key_cell",)
    list_select_related = ("category", "assignee")
    list_filter = (
        StatusFilter,
        CategoryFilter,
        SeverityFilter,
        EnrichmentFilter,
        RecoveryFilter,
        ProjectFilter,
        FactoryFilter,
        AssigneeFilter,
        ReporterFilter,
        OccurredFilter,
        HourFilter,
        WeekdayFilter,
        NearFilter,
        history_of(WORK, incidents_of),
    )
    search_fields = ("title",)
    search_help_text = "INC-12, or beginnings of words"
    sortable_by = ("key_cell", "occurred_cell", "updated_cell")
    empty_hint = "Nothing to triage. Incidents appear as soon as somebody reports one."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        """What whoever asks may see; the list reads no heavy column."""
        if request.resolver_match is None or request.resolver_match.url_name != "incidents_incident_changelist":
            return super().get_queryset(request)
        return visible_incidents(actor_of(request)).defer(*HEAVY)

    def count_choices(self, sets: Sequence[QuerySet[Incident]], chosen: Sequence[FacetFilter]) -> list[Sample]:
        """By the words and rows of each column."""
        return count_facets(COUNTING, sets)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The newest change first."""
        return ("-updated_at", "-id")

    def search(self, queryset: QuerySet[Incident], term: str) -> QuerySet[Incident]:
        """The one incident of a key, or incidents by the words of title, place, description and comments."""
        named = named_incident(term) if KEY.fullmatch(term) else None
        if named is not None and (found := queryset.filter(named)).exists():
            return found
        query = search_query_of(term)
        return queryset.filter(search=query) if query is not None else queryset.none()

    @admin.display(description="key", ordering="-pk")
    def key_cell(self, incident: Incident) -> str:
        """How people call it."""
        return incident.key

    @admin.display(description="title")
    def title_cell(self, incident: Incident) -> SafeString | str:
        """The title and the place."""
        title = incident.title[:TITLE_CHARACTERS]
        if not incident.place:
            return title
        return format_html('{} <span class="place">{}</span>', title, incident.place[:TITLE_CHARACTERS])

    @admin.display(description="category")
    def category_cell(self, incident: Incident) -> str:
        """What kind of thing it is."""
        return incident.category.name

    @admin.display(description="severity")
    def severity_cell(self, incident: Incident) -> SafeString:
        """How bad it is."""
        return severity_badge(incident.severity)

    @admin.display(description="status")
    def status_cell(self, incident: Incident) -> SafeString:
        """Where it stands."""
        return issue_badge(incident.status)

    @admin.display(description="enrichment")
    def enrichment_cell(self, incident: Incident) -> SafeString:
        """How far Tracker is with finding out more."""
        return enrichment_badge(incident.enrichment)

    @admin.display(description="assignee")
    def assignee_cell(self, incident: Incident) -> str:
        """Who has it."""
        return (incident.assignee.full_name or incident.assignee.email) if incident.assignee else "–"

    @admin.display(description="occurred", ordering="occurred_at")
    def occurred_cell(self, incident: Incident) -> SafeString | str:
        """When it happened."""
        return write_moment(incident.occurred_at)

    @admin.display(description="updated", ordering="updated_at")
    def updated_cell(self, incident: Incident) -> SafeString | str:
        """When it changed last."""
        return write_moment(incident.updated_at)
