"""The first page's boxes about what can still be kept: what is due next, and what is likeliest to be breached."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from incidents.admin.badges import render_sla_badge
from incidents.admin.dashboard import HEAVY, LIVE, count_capped
from incidents.admin.forecasts import render_chance
from incidents.choices import LIVE_CLOCK_STATES
from incidents.intake.ticket_rows import read_clocks
from incidents.models import ForecastCurve, Ticket, TicketForecast
from incidents.services.explanations import describe_clock
from incidents.services.policies import current_book
from incidents.services.tickets import visible_tickets
from tracker import clock
from tracker.access import may
from tracker.admin.base import actor_of
from tracker.admin.formats import render_time, write_span
from tracker.admin.site import Panel, TrackerAdminSite

ROWS = 8
# Under a twentieth nobody needs to look.
LEAST_CHANCE = 0.05
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


class Urgent(NamedTuple):
    """One ticket that is due next."""

    ticket: Ticket
    badge: SafeString
    promise: str
    left: SafeString | str


def breaching_panel(request: HttpRequest) -> Panel | None:
    """The open tickets that are breached next, with the working time that is left, and how many are late already."""
    actor = actor_of(request)
    if not may(actor, "tickets", "list"):
        return None
    now, address = clock.now(), reverse("admin:incidents_ticket_changelist")
    rows = visible_tickets(actor).filter(is_open=True)
    nearest = list(_light(rows.filter(due_at__gt=now)).order_by("due_at", "id")[:ROWS])
    left = _find_working_time(nearest, now)
    context = {
        "tickets": [Urgent(ticket, render_sla_badge(ticket), *left.get(ticket.pk, ("", ""))) for ticket in nearest],
        "late": count_capped(rows.filter(breach_at__lte=now)),
        "address": address,
    }
    return Panel("admin/incidents/panels/breaching.html", context, position=2, live_types=LIVE)


def _light(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return rows.select_related("assignee").defer(*HEAVY, "assignee__password")


def _find_working_time(tickets: Iterable[Ticket], now: datetime) -> Mapping[int, tuple[str, SafeString]]:
    """Which promise of each ticket is due next, and how much working time is left of it."""
    known, book = {ticket.pk: ticket for ticket in tickets}, current_book()
    found = {}
    for row in read_clocks(list(known)):
        ticket = known[row.ticket_id]
        if row.due_at is None or row.due_at != ticket.due_at or row.state not in LIVE_CLOCK_STATES:
            continue
        told = describe_clock(row, book=book, tier=ticket.customer_tier, priority=ticket.priority, now=now)
        words = f"{write_span(max(0.0, told['remaining_minutes']) * 60)} of working time"
        found[ticket.pk] = (row.kind, render_time(row.due_at, words))
    return found


def risk_panel(request: HttpRequest) -> Panel | None:
    """The open tickets that are likeliest to break a promise, by what became of like ones."""
    actor = actor_of(request)
    if not may(actor, "tickets", "list"):
        return None
    known = TicketForecast.objects.filter(chance__gte=LEAST_CHANCE, ticket__is_open=True)
    # Not by the ticket, whose own order no index of this table has.
    rows = (
        known.order_by("-chance", "-ticket_id")
        .select_related("ticket__assignee")
        .defer(*(f"ticket__{name}" for name in HEAVY), "ticket__assignee__password")
    )
    columns = site.get_model_admin(Ticket).get_list_display(request)
    address = reverse("admin:incidents_ticket_changelist")
    context: dict[str, Any] = {
        "rows": [(row, render_chance(row)) for row in rows[:ROWS]],
        # The first column of a list is its boxes.
        "address": f"{address}?o={columns.index('forecast_cell') + 1}",
        "has_learned": ForecastCurve.objects.exists(),
    }
    return Panel("admin/incidents/panels/risk.html", context, position=2, live_types=LIVE)


for build in (breaching_panel, risk_panel):
    site.add_panel(build)
