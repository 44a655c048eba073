"""/v1/channels: where alerts go. Addresses and secrets are written and read back masked."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.deliveries import DeliverySerializer
from incidents.choices import KINDS_FOR_ALERTS
from incidents.models import Channel
from incidents.services.channels import (
    MASK,
    create_channel,
    delete_channel,
    mask_address,
    mute_channel,
    send_test,
    update_channel,
    visible_channels,
)
from tracker.api.serializers import EmptySerializer, StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin


class ChannelSerializer(StrictModelSerializer[Channel]):
    """A channel. What its fields may hold is checked by the service, for every entrance alike."""

    name = serializers.CharField(max_length=60)
    kind = serializers.ChoiceField(choices=KINDS_FOR_ALERTS)
    url = serializers.CharField(max_length=2048, help_text="or e-mail addresses, comma separated; read back masked")
    secret = serializers.CharField(
        max_length=200, required=False, allow_blank=True, trim_whitespace=False, help_text="read back masked"
    )
    filters = serializers.DictField(
        required=False, help_text='{"states": [], "priorities": [], "tiers": [], "projects": [], "min_level": 0}'
    )
    enabled = serializers.BooleanField(source="is_enabled", required=False)

    class Meta:
        model = Channel
        fields = [
            "id", "name", "kind", "url", "secret", "filters", "enabled", "muted_until", "consecutive_failures",
            "last_success_at", "last_failure_at", "last_error", "broken_at", "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", *fields[7:]]

    def to_representation(self, instance: Channel) -> dict[str, Any]:
        """The channel without what would let somebody else use it."""
        shown: dict[str, Any] = super().to_representation(instance)
        return shown | {"url": mask_address(instance), "secret": MASK if instance.secret else ""}


class MuteSerializer(StrictSerializer):
    """How long to keep a channel quiet."""

    until = serializers.DateTimeField(allow_null=True, help_text="null ends it")


class ChannelFilterSet(filters.FilterSet):
    """What a list of channels may be narrowed by."""

    kind = filters.ChoiceFilter(choices=KINDS_FOR_ALERTS)
    enabled = filters.BooleanFilter(field_name="is_enabled")
    is_broken = filters.BooleanFilter(field_name="broken_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = Channel
        fields: Sequence[str] = ()


class ChannelViewSet(ListMixin, RetrieveMixin, ApiViewSet[Channel]):
    """Channels by name."""

    resource = "channels"
    serializer_class = ChannelSerializer
    filterset_class = ChannelFilterSet
    ordering_fields: Mapping[str, str] = {"name": "name", "created_at": "created_at"}
    ordering: Sequence[str] = ("name",)
    search_fields = ("name",)
    # What the outbox notes while it works is no edit that somebody could overwrite.
    etag_exclude = (
        "next_send_at",
        "consecutive_failures",
        "last_success_at",
        "last_failure_at",
        "last_error",
        "broken_at",
    )

    def get_queryset(self) -> QuerySet[Channel]:
        """The channels that the caller may know of."""
        return visible_channels(self.actor)

    @extend_schema(responses={201: ChannelSerializer})
    def create(self, request: Request) -> Response:
        """Makes a channel."""
        channel = create_channel(actor=self.actor, **self.valid(ChannelSerializer))
        return self.respond(channel, status=201, headers={"Location": f"/v1/channels/{channel.pk}"})

    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes a channel; switching it off cancels what waits for it."""
        channel = self.get_object()
        return self.respond(update_channel(actor=self.actor, channel=channel, **self.change(ChannelSerializer)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Takes a channel out of use for good."""
        delete_channel(actor=self.actor, channel=self.get_object())
        return Response(status=204)

    @extend_schema(request=EmptySerializer, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"], access="transition")
    def test(self, request: Request, pk: str) -> Response:
        """Sends a test message; the delivery in the answer tells how it ended."""
        self.valid(EmptySerializer)
        delivery = send_test(actor=self.actor, channel=self.get_object())
        location = f"/v1/deliveries/{delivery.pk}"
        return Response(DeliverySerializer(delivery).data, status=202, headers={"Location": location})

    @extend_schema(request=MuteSerializer, responses=ChannelSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def mute(self, request: Request, pk: str) -> Response:
        """Keeps a channel quiet for a while."""
        until = self.valid(MuteSerializer)["until"]
        return self.respond(mute_channel(actor=self.actor, channel=self.get_object(), until=until))
