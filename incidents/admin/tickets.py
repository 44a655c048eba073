"""The ticket list, most urgent first."""

from typing import Any

from django.contrib import admin
from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString

from incidents.admin.ticket_filters import (
    TONES,
    AssigneeFilter,
    CategoryFilter,
    CreatedFilter,
    PriorityFilter,
    ProjectFilter,
    ScopeFilter,
    SLAStateFilter,
    TierFilter,
    UpdatedFilter,
)
from incidents.choices import Category, Verdict
from incidents.models import Clock, Ticket
from tracker.admin.base import AccessAdmin
from tracker.admin.formats import render_badge, write_moment, write_time_left

HEAVY = ("search", "description", "attributes")


@admin.register(Ticket)
class TicketAdmin(AccessAdmin[Ticket]):
    """What is open, what is late, and who has it."""

    resource = "tickets"
    menu = ("Work", 1)
    list_display = (
        "external_id",
        "title_cell",
        "priority",
        "tier_cell",
        "status",
        "sla_cell",
        "time_left_cell",
        "due_cell",
        "assignee_cell",
        "level_cell",
    )
    list_display_links = ("external_id",)
    list_select_related = ("assignee",)
    list_filter = (
        SLAStateFilter,
        ScopeFilter,
        PriorityFilter,
        TierFilter,
        CategoryFilter,
        ProjectFilter,
        AssigneeFilter,
        CreatedFilter,
        UpdatedFilter,
    )
    search_fields = ("external_id",)
    search_help_text = "Start of an id, or words of title and description"
    sortable_by = ("due_cell",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        """Without the heavy columns, with what the list shows of each ticket's clocks."""
        clocks = Clock.objects.filter(ticket=OuterRef("pk")).order_by()
        level = clocks.values("ticket").annotate(level=Max("escalation_level")).values("level")
        return (
            super()
            .get_queryset(request)
            .defer(*HEAVY)
            .annotate(level=Subquery(level), is_missed=Exists(clocks.filter(verdict=Verdict.BREACHED)))
        )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Open tickets by deadline, those without one last; any other view by the newest change."""
        scope = request.GET.get("show", "open")
        return ("due_at", "id") if scope not in ("closed", "all") else ("-updated_at", "-id")

    def search(self, queryset: QuerySet[Ticket], term: str) -> QuerySet[Ticket]:
        """By the start of the sender's id, or by words."""
        # The texts' condition repeats the index's own; PostgreSQL uses a partial index only where it is implied.
        words = Q(search=SearchQuery(term, search_type="websearch", config="simple"))
        return queryset.filter(Q(external_id__startswith=term) | (words & (~Q(title="") | ~Q(description=""))))

    def log_key(self, obj: Ticket) -> tuple[str, str]:
        """The log names tickets by their sender's id."""
        return "ticket", obj.external_id

    @admin.display(description="title")
    def title_cell(self, ticket: Ticket) -> str:
        """The title, cut to what a row holds."""
        return ticket.title[:120]

    @admin.display(description="tier")
    def tier_cell(self, ticket: Ticket) -> str:
        """The customer's tier."""
        return ticket.customer_tier

    @admin.display(description="SLA")
    def sla_cell(self, ticket: Ticket) -> SafeString:
        """The state in words."""
        return render_sla_badge(ticket, is_missed=bool(getattr(ticket, "is_missed", False)))

    @admin.display(description="time left")
    def time_left_cell(self, ticket: Ticket) -> str:
        """How long until the nearest deadline, or for how long it is over."""
        if ticket.due_at is None and ticket.is_open and ticket.category == Category.WAITING:
            return "paused"
        return write_time_left(ticket.due_at) if ticket.is_open else "–"

    @admin.display(description="due", ordering="due_at")
    def due_cell(self, ticket: Ticket) -> str:
        """The nearest deadline."""
        return write_moment(ticket.due_at)

    @admin.display(description="assignee")
    def assignee_cell(self, ticket: Ticket) -> str:
        """Who has it."""
        return (ticket.assignee.full_name or ticket.assignee.email) if ticket.assignee else "–"

    @admin.display(description="level")
    def level_cell(self, ticket: Ticket) -> Any:
        """The highest escalation level reached by a clock of the ticket."""
        return getattr(ticket, "level", None) or "–"


def render_sla_badge(ticket: Ticket, *, is_missed: bool = False) -> SafeString:
    """OK, Alert, Breach, No SLA; for closed tickets whether the promises were met."""
    if not ticket.has_sla:
        return render_badge("No SLA", "quiet")
    if not ticket.is_open:
        return render_badge("Missed", "breach") if is_missed else render_badge("Met", "quiet")
    state = ticket.sla_state
    return render_badge(str(state.label), TONES[state])
