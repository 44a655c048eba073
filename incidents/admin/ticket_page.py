"""One ticket's page: facts, clocks, timeline, and the three things that people do with it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from incidents.admin.badges import alert_badge, render_sla_badge
from incidents.admin.clocks import describe_clocks
from incidents.admin.forecasts import describe_forecasts
from incidents.admin.incident_bonds import describe_incidents
from incidents.admin.ticket_forms import AssignForm, ChangeTicketForm, CommentForm
from incidents.admin.ticket_timeline import read_ticket_timeline
from incidents.admin.timeline import parse_before
from incidents.choices import AlertState, Verdict
from incidents.models import Alert, Ticket
from incidents.services.tickets import assign_ticket, change_ticket, comment_on_ticket
from tracker.access import may
from tracker.admin.base import AccessAdmin, actor_of
from tracker.models import User

TEMPLATE = "admin/incidents/ticket/page.html"
ALERT_LIMIT = 20


class TicketPage(AccessAdmin[Ticket]):
    """The part of the ticket's admin that is about one ticket."""

    page_template = TEMPLATE

    def get_urls(self) -> list[Any]:
        """The three things that people do, each an address of its own."""
        return [
            self.page_url("assign", self.assign_view),
            self.page_url("comment", self.comment_view),
            self.page_url("edit", self.edit_view),
            *super().get_urls(),
        ]

    def describe(self, request: HttpRequest, ticket: Ticket) -> dict[str, Any]:
        """What the page shows."""
        actor = actor_of(request)
        before = parse_before(request.GET.get("before", ""))
        assign_form = AssignForm(initial={"assignee": ticket.assignee_id})
        clocks = describe_clocks(actor, ticket)
        return {
            "ticket": ticket,
            # A sender may name any address; one that runs script is no link.
            "sender_url": ticket.url if ticket.url.lower().startswith(("https://", "http://")) else "",
            "sla_badge": render_sla_badge(ticket, is_missed=any(c.verdict == Verdict.BREACHED for c in clocks)),
            "level": max((row.level for row in clocks), default=0),
            "clocks": clocks,
            "forecasts": list(describe_forecasts(ticket)),
            "timeline": read_ticket_timeline(ticket, before=before),
            "is_older": before is not None,
            "alerts": _list_alerts(ticket),
            "links": describe_incidents(actor, ticket),
            "may_update": may(actor, "tickets", "update"),
            "may_transition": may(actor, "tickets", "transition"),
            "may_comment": may(actor, "comments", "create"),
            "assign_form": assign_form,
            "change_form": ChangeTicketForm(ticket=ticket),
            "comment_form": CommentForm(),
            "media": self.media + assign_form.media,
        }

    def assign_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Gives the ticket to somebody, or to nobody."""
        form = AssignForm(request.POST)
        if not form.is_valid():
            return self._refuse(request, object_id, "Choose an active maintainer or admin.")
        assignee: User | None = form.cleaned_data["assignee"]
        return self.run_for_one(
            request, object_id, "update",
            lambda ticket: assign_ticket(actor=actor_of(request), ticket=ticket, assignee=assignee),
            f"Assigned to {assignee}." if assignee else "Assigned to nobody.",
        )  # fmt: skip

    def comment_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Adds an internal comment."""
        body = request.POST.get("body", "").replace("\r\n", "\n")
        return self.run_for_one(
            request, object_id, "read",
            lambda ticket: comment_on_ticket(actor=actor_of(request), ticket=ticket, body=body),
            "Comment added.",
        )  # fmt: skip

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tells the ticket's history of a change by hand."""
        names = ("status", "priority", "customer_tier")
        changes = {name: request.POST[name] for name in names if request.POST.get(name)}
        return self.run_for_one(
            request, object_id, "transition",
            lambda ticket: change_ticket(actor=actor_of(request), ticket=ticket, **changes),
            "Changed. The clocks follow.",
        )  # fmt: skip

    def _refuse(self, request: HttpRequest, object_id: str, message: str) -> HttpResponse:
        messages.error(request, message)
        return HttpResponseRedirect(f"{self.list_url()}{object_id}/change/")


def _list_alerts(ticket: Ticket) -> list[Alert]:
    alerts = list(Alert.objects.filter(ticket=ticket).order_by("-id")[:ALERT_LIMIT])
    for alert in alerts:
        alert.badge = alert_badge(AlertState(alert.state), alert.sla_state)  # type: ignore[attr-defined]
    return alerts
