"""The ticket list, most urgent first."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.postgres.aggregates import BoolOr
from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from incidents.admin.badges import render_sla_badge
from incidents.admin.forecasts import ForecastFilter, render_forecast
from incidents.admin.history_filter import history_of
from incidents.admin.ticket_filters import (
    AssigneeFilter,
    CategoryFilter,
    CreatedFilter,
    PriorityFilter,
    ProjectFilter,
    ScopeFilter,
    SettledFilter,
    SLAStateFilter,
    TierFilter,
    UpdatedFilter,
)
from incidents.admin.ticket_forms import AssignForm, NewTicketForm
from incidents.admin.ticket_page import TicketPage
from incidents.choices import Category, Verdict
from incidents.models import Clock, Ticket, TicketForecast
from incidents.services.past_sets import TICKETS
from incidents.services.past_tickets import tickets_of
from incidents.services.tickets import assign_ticket, create_ticket
from tracker.admin.base import actor_of
from tracker.admin.formats import write_due, write_time_left
from tracker.admin.saved_views import SavedViewsPage
from tracker.models import User

HEAVY = ("search", "description", "attributes")


class TicketList(ChangeList):
    """A page of tickets, and in one query what their clocks say. As subqueries of the list these would make
    PostgreSQL read every clock there is."""

    def get_results(self, request: HttpRequest) -> None:
        """The page's tickets with `level`, `is_missed` and `told`, what is forecast of those that are open."""
        super().get_results(request)
        tickets = list(self.result_list)
        clocks = Clock.objects.filter(ticket__in=[ticket.pk for ticket in tickets]).order_by().values("ticket")
        facts = clocks.annotate(level=Max("escalation_level"), missed=BoolOr(Q(verdict=Verdict.BREACHED)))
        told = {row[0]: row[1:] for row in facts.values_list("ticket", "level", "missed")}
        forecasts = TicketForecast.objects.in_bulk([ticket.pk for ticket in tickets if ticket.is_open])
        for ticket in tickets:
            ticket.level, ticket.is_missed = told.get(ticket.pk, (None, False))
            ticket.told = forecasts.get(ticket.pk)
        self.result_list = tickets


@admin.register(Ticket)
class TicketAdmin(SavedViewsPage[Ticket], TicketPage):
    """What is open, what is late, and who has it."""

    resource = "tickets"
    menu = ("Work", 2)
    live_types = "ticket,alert"
    list_display = (
        "external_id",
        "title_cell",
        "priority",
        "tier_cell",
        "status",
        "sla_cell",
        "time_left_cell",
        "due_cell",
        "forecast_cell",
        "assignee_cell",
        "level_cell",
    )
    list_display_links = ("external_id",)
    list_select_related = ("assignee",)
    list_filter = (
        SLAStateFilter,
        ForecastFilter,
        ScopeFilter,
        PriorityFilter,
        TierFilter,
        CategoryFilter,
        ProjectFilter,
        AssigneeFilter,
        CreatedFilter,
        UpdatedFilter,
        SettledFilter,
        history_of(TICKETS, tickets_of),
    )
    search_fields = ("external_id",)
    search_help_text = "Start of an id, or words of title and description"
    sortable_by = ("due_cell", "forecast_cell")
    form = NewTicketForm
    autocomplete_fields = ("assignee",)
    actions = ("assign_to_me", "assign_to_somebody", "unassign")
    empty_hint = "No open tickets. Send the first event as the dashboard shows, or add one by hand."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        """Without the heavy columns on the list."""
        if request.resolver_match is None or request.resolver_match.url_name != "incidents_ticket_changelist":
            return super().get_queryset(request).select_related("project").defer("search")
        return super().get_queryset(request).defer(*HEAVY, "assignee__password")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that also knows of clocks."""
        return TicketList

    def save_model(self, request: HttpRequest, obj: Ticket, form: Any, change: bool) -> None:
        """Opens a ticket by hand."""
        values = form.cleaned_data
        ticket = create_ticket(
            actor=actor_of(request),
            title=values["title"],
            priority=values["priority"],
            customer_tier=values["customer_tier"],
            status=values["status"],
            description=values["description"].replace("\r\n", "\n"),
            project=values["project"].key if values["project"] else "",
            url=values["url"],
        )
        obj.pk, obj.external_id = ticket.pk, ticket.external_id

    def response_add(self, request: HttpRequest, obj: Ticket, post_url_continue: str | None = None) -> HttpResponse:
        """On to the new ticket's page."""
        messages.success(request, f"Ticket {obj.external_id} is open.")
        return HttpResponseRedirect(self.object_url(obj))

    @admin.action(permissions=["change"], description="Assign to me")
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        """Gives the ticked tickets to whoever asks."""
        return self._assign(request, queryset, actor_of(request).user, "{count} tickets are yours.")

    @admin.action(permissions=["change"], description="Assign to nobody")
    def unassign(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        """Takes the ticked tickets from whoever has them."""
        return self._assign(request, queryset, None, "{count} tickets are nobody's.")

    @admin.action(permissions=["change"], description="Assign to somebody …")
    def assign_to_somebody(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> HttpResponse | None:
        """Asks to whom, then gives the ticked tickets to them."""
        form = AssignForm(request.POST if "assignee" in request.POST else None)
        if form.is_bound and form.is_valid():
            person = form.cleaned_data["assignee"]
            return self._assign(request, queryset, person, f"{{count}} tickets: assigned to {person or 'nobody'}.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Assign tickets",
            "opts": self.opts,
            "tickets": queryset,
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/incidents/ticket/assign.html", context)

    def _assign(
        self, request: HttpRequest, queryset: QuerySet[Ticket], person: User | None, done: str
    ) -> HttpResponse | None:
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda ticket: assign_ticket(actor=actor, ticket=ticket, assignee=person), done
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
        return write_due(ticket.due_at) if ticket.due_at else "–"

    @admin.display(description="forecast", ordering=F("forecast__chance").desc(nulls_last=True))
    def forecast_cell(self, ticket: Ticket) -> SafeString | str:
        """How likely it breaks a promise that it can still keep; the likeliest first."""
        return render_forecast(getattr(ticket, "told", None))

    @admin.display(description="assignee")
    def assignee_cell(self, ticket: Ticket) -> str:
        """Who has it."""
        return (ticket.assignee.full_name or ticket.assignee.email) if ticket.assignee else "–"

    @admin.display(description="level")
    def level_cell(self, ticket: Ticket) -> Any:
        """The highest escalation level reached by a clock of the ticket."""
        return getattr(ticket, "level", None) or "–"
