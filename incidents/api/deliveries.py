"""/v1/deliveries: what was sent where, and trying a dead one again."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.choices import DeliveryStatus, Notice
from incidents.models import Delivery
from incidents.services.deliveries import retry_delivery, visible_deliveries
from tracker.api.filters import ChoiceInFilter, InFilter, NumberInFilter
from tracker.api.serializers import EmptySerializer, StrictModelSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin


class DeliverySerializer(StrictModelSerializer[Delivery]):
    """One notice to one channel. `key` is the Idempotency-Key of all its attempts."""

    channel = serializers.CharField(source="channel.name")
    alert_id = serializers.IntegerField(allow_null=True)
    ticket_id = serializers.CharField(source="alert.ticket.external_id", allow_null=True, default=None)
    digest_of = serializers.IntegerField(source="digest_of_id", allow_null=True)

    class Meta:
        model = Delivery
        fields = [
            "id", "channel", "channel_id", "alert_id", "ticket_id", "notice", "round", "key", "status", "attempts",
            "next_attempt_at", "response_status", "last_error", "digest_of", "created_at", "sent_at",
        ]  # fmt: skip
        read_only_fields = fields


class DeliveryFilterSet(filters.FilterSet):
    """What a list of deliveries may be narrowed by."""

    status = ChoiceInFilter(field_name="status", lookup_expr="in", choices=DeliveryStatus.choices)
    notice = ChoiceInFilter(field_name="notice", lookup_expr="in", choices=Notice.choices)
    channel = InFilter(field_name="channel__name", lookup_expr="in")
    alert_id = NumberInFilter(field_name="alert_id", lookup_expr="in")
    ticket_id = InFilter(field_name="alert__ticket__external_id", lookup_expr="in")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Delivery
        fields: Sequence[str] = ()


class DeliveryViewSet(ListMixin, RetrieveMixin, ApiViewSet[Delivery]):
    """Deliveries, the newest first."""

    resource = "deliveries"
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilterSet
    ordering_fields: Mapping[str, str] = {"id": "pk"}
    ordering: Sequence[str] = ("-pk",)

    def get_queryset(self) -> QuerySet[Delivery]:
        """The deliveries that the caller may know of."""
        return visible_deliveries(self.actor).select_related("channel", "alert__ticket")

    @extend_schema(request=EmptySerializer, responses=DeliverySerializer)
    @action(detail=True, methods=["post"], access="transition")
    def retry(self, request: Request, **kwargs: Any) -> Response:
        """Takes a dead delivery up again."""
        self.valid(EmptySerializer)
        return self.respond(retry_delivery(actor=self.actor, delivery=self.get_object()))
