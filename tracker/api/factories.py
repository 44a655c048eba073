"""/v1/factories: lists, single factories, and their series."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.factory_bodies import (
    FactoryBodySerializer,
    FactorySerializer,
    WholeFactorySerializer,
    describe_factory,
    read_factory_body,
)
from tracker.api.permissions import column_of
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.exceptions import InvalidInput, NotFound
from tracker.models import Factory, ProductionPoint
from tracker.production import Point, describe_series, refuse
from tracker.services.factories import create_factory, delete_factory, update_factory, visible_factories

MAX_BODY_BYTES = 10 * 1024 * 1024
# What one list may hold of points; a single factory has up to half of it.
MOST_POINTS_IN_LIST = 200_000
UNKNOWN = "Factory not found."
WITH_SERIES = OpenApiParameter("chart_data", str, enum=["1"], description="With the series of each.")


class FactoryFilterSet(filters.FilterSet):
    """What the list may be narrowed by."""

    class Meta:
        model = Factory
        fields: Sequence[str] = ("timezone",)


@extend_schema_view(
    list=extend_schema(parameters=[WITH_SERIES], description="Factories; their series only with `chart_data=1`.")
)
class FactoryViewSet(ListMixin, RetrieveMixin, ApiViewSet[Factory]):
    """Factories with their production."""

    resource = "factories"
    serializer_class = FactorySerializer
    filterset_class = FactoryFilterSet
    ordering_fields = ("name", "created_at", "last_point_at")
    ordering = ("name",)
    search_fields = ("name", "place")
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]
    raw_bodies = {"create": MAX_BODY_BYTES, "partial_update": MAX_BODY_BYTES}
    query_params = {"list": ("chart_data",)}

    def get_queryset(self) -> "QuerySet[Factory]":
        """The factories that the caller may know of."""
        return visible_factories(self.actor, column_of(self, self.request.method))

    def get_object(self) -> Factory:
        """The factory of this id, or a 404 in the words that old clients know."""
        try:
            return super().get_object()
        except NotFound:
            raise NotFound(UNKNOWN) from None

    def represent(self, objects: Sequence[Factory]) -> list[Any]:
        """Factories in a list; their series only where they are asked for."""
        if not self._wants_series():
            return [describe_factory(factory) for factory in objects]
        if sum(factory.points_count for factory in objects) > MOST_POINTS_IN_LIST:
            refuse(
                "chart_data", f"These have more than {MOST_POINTS_IN_LIST:,} points; ask for fewer at once by limit."
            )
        return [_describe_whole(factory) for factory in objects]

    def respond(self, instance: Factory, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """One factory with its whole series; the row knows when that changed."""
        headers = {"ETag": self.etag(instance), **(headers or {})}
        return Response(_describe_whole(instance), status=status, headers=headers)

    @extend_schema(responses=WholeFactorySerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One factory with its series."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=FactoryBodySerializer, responses={201: WholeFactorySerializer})
    def create(self, request: Request) -> Response:
        """Makes a factory, flat or as {"factory": {"chart_data": …}}; without a name it gets one."""
        body: Any = request.data
        values = read_factory_body(body, is_new=True)
        factory = create_factory(actor=self.actor, **values)
        return self.respond(factory, status=201, headers={"Location": f"/v1/factories/{factory.pk}"})

    @extend_schema(request=FactoryBodySerializer, responses=WholeFactorySerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes name, place or time zone; chart_data takes the place of the whole series."""
        factory = self.get_object()
        body: Any = request.data
        changes = read_factory_body(body, is_new=False)
        return self.respond(update_factory(actor=self.actor, factory=factory, changes=changes))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes a factory to which nothing refers, with its series."""
        delete_factory(actor=self.actor, factory=self.get_object())
        return Response(status=204)

    def _wants_series(self) -> bool:
        asked = self.request.query_params.get("chart_data", "")
        if asked not in ("", "1"):
            raise InvalidInput.of_field("chart_data", "Send 1 or leave it out.")
        return bool(asked)


def _describe_whole(factory: Factory) -> dict[str, Any]:
    rows = ProductionPoint.objects.filter(factory=factory).order_by("at").values_list("at", "actual", "goal")
    return {**describe_factory(factory), "chart_data": describe_series(Point(*row) for row in rows)}
