"""The issue list: what is not done, the newest change first."""

from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.facets import CountedPage, FacetFilter, Sample
from incidents.admin.history_filter import history_of
from incidents.admin.issue_facets import count_issue_facets
from incidents.admin.issue_filters import (
    KEY,
    AssigneeFilter,
    CreatedFilter,
    DueFilter,
    PriorityFilter,
    ProjectFilter,
    ReporterFilter,
    SeverityFilter,
    StatusFilter,
    TagFilter,
    WatchedFilter,
    is_overdue,
)
from incidents.admin.issue_page import IssuePage
from incidents.admin.issue_triage import IssueTriage
from incidents.models import Issue
from incidents.services.issue_keys import named_issue
from incidents.services.issue_search import search_query_of
from incidents.services.issues import visible_issues
from incidents.services.past_sets import WORK, issues_of
from tracker.admin.base import actor_of
from tracker.admin.formats import write_moment
from tracker.admin.saved_views import SavedViewsPage

HEAVY = ("search", "description", "description_html", "assignee__password")
TITLE_CHARACTERS = 160
MOST_CHIPS = 6


@admin.register(Issue)
class IssueAdmin(SavedViewsPage[Issue], CountedPage[Issue], IssueTriage, IssuePage):
    """What is to be done, how bad it is, and who has it."""

    menu = ("Work", 0)
    live_types = "issue"
    list_display = (
        "key_cell",
        "title_cell",
        "severity_cell",
        "priority_cell",
        "status_cell",
        "assignee_cell",
        "project_cell",
        "due_cell",
        "updated_cell",
        "quick_cell",
    )
    list_display_links = ("key_cell",)
    list_select_related = ("project", "assignee")
    list_filter = (
        StatusFilter,
        SeverityFilter,
        PriorityFilter,
        ProjectFilter,
        AssigneeFilter,
        ReporterFilter,
        TagFilter,
        DueFilter,
        WatchedFilter,
        CreatedFilter,
        history_of(WORK, issues_of),
    )
    search_fields = ("title",)
    search_help_text = "OPS-12, or beginnings of words"
    sortable_by = ("key_cell", "updated_cell")
    empty_hint = "Nothing to triage. Issues appear as soon as somebody reports one."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        """What whoever asks may see; the list reads no heavy column."""
        if request.resolver_match is None or request.resolver_match.url_name != "incidents_issue_changelist":
            return super().get_queryset(request)
        return visible_issues(actor_of(request)).defer(*HEAVY).prefetch_related("tags")

    def count_choices(self, sets: Sequence[QuerySet[Issue]], chosen: Sequence[FacetFilter]) -> list[Sample]:
        """With tags of what the filter by tag is chosen from."""
        places = (place for place, spec in enumerate(chosen, start=1) if isinstance(spec, TagFilter))
        return count_issue_facets(sets, today=timezone.localdate(), tags_of=next(places, 0))

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The newest change first; the next due day first where the list is about due days."""
        is_about_due_days = request.GET.get("due") in ("overdue", "week", "set")
        return ("due_on", "id") if is_about_due_days else ("-updated_at", "-id")

    def search(self, queryset: QuerySet[Issue], term: str) -> QuerySet[Issue]:
        """The one issue of a key, or issues by the words of title, description and comments."""
        named = named_issue(term) if KEY.fullmatch(term) else None
        if named is not None and (found := queryset.filter(named)).exists():
            return found
        query = search_query_of(term)
        return queryset.filter(search=query) if query is not None else queryset.none()

    @admin.display(description="key", ordering="-pk")
    def key_cell(self, issue: Issue) -> str:
        """How people call it."""
        return issue.key

    @admin.display(description="title")
    def title_cell(self, issue: Issue) -> SafeString:
        """The title and the tags."""
        tags = list(issue.tags.all())
        chips = format_html_join("", ' <span class="chip">{}</span>', ((tag.name,) for tag in tags[:MOST_CHIPS]))
        more = format_html(' <span class="quiet">+{}</span>', len(tags) - MOST_CHIPS) if len(tags) > MOST_CHIPS else ""
        return format_html("{}{}{}", issue.title[:TITLE_CHARACTERS], chips, more)

    @admin.display(description="severity")
    def severity_cell(self, issue: Issue) -> SafeString:
        """How bad it is."""
        return severity_badge(issue.severity)

    @admin.display(description="prio")
    def priority_cell(self, issue: Issue) -> int:
        """1 first, 3 last."""
        return issue.priority

    @admin.display(description="status")
    def status_cell(self, issue: Issue) -> SafeString:
        """Where it stands."""
        return issue_badge(issue.status)

    @admin.display(description="assignee")
    def assignee_cell(self, issue: Issue) -> str:
        """Who has it."""
        return (issue.assignee.full_name or issue.assignee.email) if issue.assignee else "–"

    @admin.display(description="project")
    def project_cell(self, issue: Issue) -> SafeString:
        """What it belongs to."""
        return format_html('<span title="{0}">{0}</span>', issue.project.name)

    @admin.display(description="due")
    def due_cell(self, issue: Issue) -> SafeString | str:
        """Until when; overdue in words, not by colour alone."""
        if issue.due_on is None:
            return "–"
        today = timezone.localdate()
        day = f"{issue.due_on:%d %b}" if issue.due_on.year == today.year else f"{issue.due_on:%d %b %Y}"
        if not is_overdue(issue.due_on, issue.status, today):
            return day
        return format_html('<span class="is-over">{} overdue</span>', day)

    @admin.display(description="updated", ordering="updated_at")
    def updated_cell(self, issue: Issue) -> str:
        """When it changed last."""
        return write_moment(issue.updated_at)
