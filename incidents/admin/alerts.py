"""Alerts: what crossed a threshold, and who took notice."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.badges import alert_badge, delivery_badge
from incidents.admin.deliveries import DELIVERY_FIELDS
from incidents.admin.history_filter import history_of
from incidents.choices import LIVE_ALERT_STATES, AlertState, ClockKind, SLAState
from incidents.models import Alert, Delivery
from incidents.services.alerts import acknowledge_alert
from incidents.services.past_sets import ALERTS
from incidents.services.past_tickets import alerts_of
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.admin.formats import write_moment

TEMPLATE = "admin/incidents/alert/page.html"
DELIVERY_LIMIT = 100
Choices = Iterable[tuple[str, str]]


class AlertStateFilter(ChoiceFilter):
    """Those that still matter come first."""

    title, parameter_name, default = "show", "state", "live"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Alert]) -> Choices:
        """Live, each state, or all."""
        return [
            ("live", "Firing or acknowledged"),
            *((str(value), str(label)) for value, label in AlertState.choices),
            ("all", "All"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """The alerts in that state."""
        if self.value() == "live":
            return queryset.filter(state__in=sorted(LIVE_ALERT_STATES))
        return queryset if self.value() == "all" else queryset.filter(state=self.value())


class CrossedFilter(ChoiceFilter):
    """What was crossed."""

    title, parameter_name = "threshold", "threshold"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Alert]) -> Choices:
        """Alert or breach."""
        return [("alert", "Alert"), ("breach", "Breach")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """The alerts of that kind of threshold."""
        return queryset.filter(sla_state=self.value()) if self.value() else queryset


class KindFilter(ChoiceFilter):
    """Which promise."""

    title, parameter_name = "promise", "promise"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Alert]) -> Choices:
        """Response or resolution."""
        return [(str(value), str(label)) for value, label in ClockKind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        """The alerts on that promise."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(AccessAdmin[Alert]):
    """Each threshold that was crossed, once. Withdrawn ones stay to be seen."""

    resource = "alerts"
    page_template = TEMPLATE
    menu = ("Work", 3)
    live_types = "alert"
    list_display = (
        "name_cell", "state_cell", "ticket_cell", "crossed_cell", "level", "used_cell", "acknowledged_cell"
    )  # fmt: skip
    list_display_links = ("name_cell",)
    list_select_related = ("ticket", "acknowledged_by")
    list_filter = (
        AlertStateFilter,
        CrossedFilter,
        KindFilter,
        day_range("crossed_at", "crossed"),
        history_of(ALERTS, alerts_of),
    )
    ordering = ("-id",)
    search_fields = ("id",)
    search_help_text = "A ticket's id"
    empty_hint = "No alert is live. They fire when a clock reaches a step of the policy, by default at 85 and 100 %."

    actions = ("acknowledge",)

    def get_urls(self) -> list[Any]:
        """With an address to acknowledge."""
        return [self.page_url("acknowledge", self.acknowledge_view), *super().get_urls()]

    def acknowledge_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes one alert on."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda alert: acknowledge_alert(actor=actor_of(request), alert=alert),
            "Acknowledged: it is yours.",
        )  # fmt: skip

    def has_transition_permission(self, request: HttpRequest) -> bool:
        """Whether alerts may be acknowledged."""
        return self.is_allowed(request, "transition")

    @admin.action(permissions=["transition"], description="Acknowledge")
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> HttpResponse | None:
        """Takes the ticked alerts on, all or none."""
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda alert: acknowledge_alert(actor=actor, alert=alert), "{count} alerts are yours."
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Without the ticket's heavy columns."""
        heavy = ("ticket__search", "ticket__description", "ticket__attributes", "acknowledged_by__password")
        return super().get_queryset(request).select_related("ticket", "acknowledged_by").defer(*heavy)

    def search(self, queryset: QuerySet[Alert], term: str) -> QuerySet[Alert]:
        """By the start of the ticket's id."""
        return queryset.filter(ticket__external_id__startswith=term)

    def describe(self, request: HttpRequest, alert: Alert) -> dict[str, Any]:
        """What the page shows."""
        rows = Delivery.objects.filter(alert=alert).select_related("channel").only(*DELIVERY_FIELDS).order_by("id")
        deliveries = [(row, delivery_badge(row.status)) for row in rows[:DELIVERY_LIMIT]]
        return {
            "alert": alert,
            "badge": alert_badge(AlertState(alert.state), alert.sla_state),
            "deliveries": deliveries,
            "may_acknowledge": alert.state == AlertState.FIRING and self.is_allowed(request, "transition", alert),
        }

    @admin.display(description="alert")
    def name_cell(self, alert: Alert) -> str:
        """What was crossed."""
        return f"{SLAState(alert.sla_state).label}: {alert.get_kind_display().lower()} at {float(alert.percent):g} %"

    @admin.display(description="state")
    def state_cell(self, alert: Alert) -> SafeString:
        """Where it stands."""
        return alert_badge(AlertState(alert.state), alert.sla_state)

    @admin.display(description="ticket")
    def ticket_cell(self, alert: Alert) -> SafeString:
        """Whose clock it is."""
        address = reverse("admin:incidents_ticket_change", args=[alert.ticket_id])
        return format_html('<a href="{}">{}</a> {}', address, alert.ticket.external_id, alert.ticket.title[:60])

    @admin.display(description="crossed")
    def crossed_cell(self, alert: Alert) -> str:
        """When the threshold was reached; the sweep may have been later."""
        return write_moment(alert.crossed_at)

    @admin.display(description="used")
    def used_cell(self, alert: Alert) -> str:
        """Minutes used of those promised, when it fired."""
        used, target = alert.details.get("elapsed_minutes"), alert.details.get("target_minutes")
        return f"{used:g} of {target:g} min" if used is not None and target is not None else "–"

    @admin.display(description="acknowledged")
    def acknowledged_cell(self, alert: Alert) -> str:
        """By whom."""
        if alert.acknowledged_by is None:
            return "–"
        return alert.acknowledged_by.full_name or alert.acknowledged_by.email
