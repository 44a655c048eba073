"""/v1/sprockets: kinds of sprockets and their measures."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.permissions import column_of
from tracker.api.serializers import StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.exceptions import NotFound
from tracker.models import Sprocket
from tracker.production import plain_number
from tracker.services.sprockets import (
    MAX_NAME_CHARACTERS,
    MEASURES,
    create_sprocket,
    delete_sprocket,
    update_sprocket,
    visible_sprockets,
)

UNKNOWN = "Sprocket not found."


class SprocketSerializer(serializers.Serializer[Sprocket]):
    """A kind of sprocket."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    teeth = serializers.IntegerField()
    pitch_diameter = serializers.FloatField()
    outside_diameter = serializers.FloatField()
    pitch = serializers.FloatField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class MeasureField(serializers.FloatField):
    """A number as JSON has them; a text is none. The service says what it may be."""

    def to_internal_value(self, data: Any) -> Any:
        """The number as it was sent."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return data


class SprocketBodySerializer(StrictSerializer):
    """A kind of sprocket to be made or changed; all measures are more than 0."""

    name = serializers.CharField(max_length=MAX_NAME_CHARACTERS, required=False, allow_blank=True)
    teeth = MeasureField(required=False)
    pitch_diameter = MeasureField(required=False)
    outside_diameter = MeasureField(required=False)
    pitch = MeasureField(required=False)


class SprocketFilterSet(filters.FilterSet):
    """What the list may be narrowed by."""

    class Meta:
        model = Sprocket
        fields: Sequence[str] = ("teeth",)


class SprocketViewSet(ListMixin, RetrieveMixin, ApiViewSet[Sprocket]):
    """Kinds of sprockets."""

    resource = "sprockets"
    serializer_class = SprocketSerializer
    filterset_class = SprocketFilterSet
    ordering_fields = ("id", "name", "teeth", "created_at", "updated_at")
    ordering = ("id",)
    search_fields = ("name",)
    http_method_names = ["get", "head", "options", "post", "put", "patch", "delete"]

    def get_queryset(self) -> "QuerySet[Sprocket]":
        """The sprockets that the caller may know of."""
        return visible_sprockets(self.actor, column_of(self, self.request.method))

    def get_object(self) -> Sprocket:
        """The sprocket of this id, or a 404 in the words that old clients know."""
        try:
            return super().get_object()
        except NotFound:
            raise NotFound(UNKNOWN) from None

    def represent(self, objects: Sequence[Sprocket]) -> list[Any]:
        """Sprockets as JSON."""
        return [describe_sprocket(sprocket) for sprocket in objects]

    @extend_schema(request=SprocketBodySerializer, responses={201: SprocketSerializer})
    def create(self, request: Request) -> Response:
        """Makes a kind of sprocket; teeth, pitch_diameter, outside_diameter and pitch are needed."""
        sprocket = create_sprocket(actor=self.actor, values=self.valid(SprocketBodySerializer))
        return self.respond(sprocket, status=201, headers={"Location": f"/v1/sprockets/{sprocket.pk}"})

    @extend_schema(request=SprocketBodySerializer, responses=SprocketSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Changes what is named, as old clients do; PATCH does the same."""
        return self.partial_update(request, pk)

    @extend_schema(request=SprocketBodySerializer, responses=SprocketSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes the name or measures."""
        sprocket = self.get_object()
        changes = self.change(SprocketBodySerializer)
        return self.respond(update_sprocket(actor=self.actor, sprocket=sprocket, changes=changes))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes a kind of sprocket."""
        delete_sprocket(actor=self.actor, sprocket=self.get_object())
        return Response(status=204)


def describe_sprocket(sprocket: Sprocket) -> dict[str, Any]:
    """A sprocket as SprocketSerializer says it."""
    return {
        "id": sprocket.pk,
        "name": sprocket.name,
        **{name: plain_number(float(getattr(sprocket, name))) for name in MEASURES},
        "created_at": sprocket.created_at,
        "updated_at": sprocket.updated_at,
    }
