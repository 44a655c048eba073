"""/v1/alerts: thresholds that were crossed, and taking one on."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.history_filter import HistoryFilter
from incidents.choices import AlertState, ClockKind, SLAState
from incidents.models import Alert
from incidents.services.alerts import acknowledge_alert, visible_alerts
from incidents.services.past_sets import ALERTS
from incidents.services.past_tickets import alerts_of
from tracker.api.filters import ChoiceInFilter, InFilter
from tracker.api.serializers import EmptySerializer, StrictModelSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin


class AlertSerializer(StrictModelSerializer[Alert]):
    """An alert, in the words of the live stream; `alert_state` is what became of it."""

    ticket_id = serializers.CharField(source="ticket.external_id")
    sla_type = serializers.ChoiceField(source="kind", choices=ClockKind.choices)
    state = serializers.ChoiceField(source="sla_state", choices=SLAState.choices)
    alert_state = serializers.ChoiceField(source="state", choices=AlertState.choices)
    escalation_level = serializers.IntegerField(source="level")
    percent = serializers.FloatField()
    timestamp = serializers.DateTimeField(source="crossed_at", help_text="when the threshold was crossed")
    priority = serializers.CharField(source="ticket.priority")
    customer_tier = serializers.CharField(source="ticket.customer_tier")
    acknowledged_by = serializers.EmailField(source="acknowledged_by.email", allow_null=True, default=None)

    class Meta:
        model = Alert
        fields = [
            "id", "ticket_id", "sla_type", "cycle", "state", "alert_state", "escalation_level", "percent", "details",
            "timestamp", "fired_at", "acknowledged_at", "acknowledged_by", "resolved_at", "withdrawn_at", "priority",
            "customer_tier",
        ]  # fmt: skip
        read_only_fields = fields


class AlertFilterSet(filters.FilterSet):
    """What a list of alerts may be narrowed by."""

    state = ChoiceInFilter(
        field_name="sla_state", lookup_expr="in", choices=[(word.value, word.label) for word in SLAState][1:]
    )
    alert_state = ChoiceInFilter(field_name="state", lookup_expr="in", choices=AlertState.choices)
    sla_type = filters.ChoiceFilter(field_name="kind", choices=ClockKind.choices)
    ticket_id = InFilter(field_name="ticket__external_id", lookup_expr="in")
    priority = InFilter(field_name="ticket__priority", lookup_expr="in")
    customer_tier = InFilter(field_name="ticket__customer_tier", lookup_expr="in")
    min_level = filters.NumberFilter(field_name="level", lookup_expr="gte", min_value=0, max_value=1000)
    fired_after = filters.IsoDateTimeFilter(field_name="fired_at", lookup_expr="gte")
    fired_before = filters.IsoDateTimeFilter(field_name="fired_at", lookup_expr="lt")

    history = HistoryFilter(ALERTS, alerts_of)

    class Meta:
        model = Alert
        fields: Sequence[str] = ()


class AlertViewSet(ListMixin, RetrieveMixin, ApiViewSet[Alert]):
    """Alerts, the newest first."""

    resource = "alerts"
    serializer_class = AlertSerializer
    filterset_class = AlertFilterSet
    ordering_fields: Mapping[str, str] = {"id": "pk"}
    ordering: Sequence[str] = ("-pk",)

    def get_queryset(self) -> QuerySet[Alert]:
        """The alerts that the caller may know of."""
        return visible_alerts(self.actor).select_related("ticket", "acknowledged_by")

    @extend_schema(request=EmptySerializer, responses=AlertSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def acknowledge(self, request: Request, **kwargs: Any) -> Response:
        """Takes a firing alert on."""
        self.valid(EmptySerializer)
        return self.respond(acknowledge_alert(actor=self.actor, alert=self.get_object()))
