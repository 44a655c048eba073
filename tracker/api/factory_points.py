"""…/factories/{id}/points and /chart: what a factory made, in pages, appended, deleted, and as a picture."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.factories import MAX_BODY_BYTES, UNKNOWN
from tracker.api.factory_bodies import AppendedSerializer, PointsBodySerializer, ShownPointSerializer, read_points_body
from tracker.api.pagination import PAGING
from tracker.api.viewsets import ApiView, ApiViewSet, ListMixin
from tracker.charts.production import draw_production
from tracker.charts.standalone import CONTENT_TYPE, HEADERS, draw_alone
from tracker.exceptions import NotFound
from tracker.models import Factory, ProductionPoint
from tracker.periods import A_MOMENT, PERIOD, read_period
from tracker.production import plain_number
from tracker.row_ids import read_row_id
from tracker.services.factories import visible_factories
from tracker.services.production import append_points, delete_points, narrow, read_series_of, visible_points

FACTORY = OpenApiParameter("id", int, OpenApiParameter.PATH, description="Id of the factory.")
BOUNDS = [
    OpenApiParameter("from", str, description=f"From then on. {A_MOMENT}"),
    OpenApiParameter("to", str, description="Before then; a day is in it as a whole."),
]


class OfFactory(ApiView):
    """What hangs on a factory."""

    def find_factory(self) -> Factory:
        """The factory that the address names.

        Raises:
            NotFound: there is none.
        """
        pk = read_row_id(str(self.kwargs["id"]))
        column = {"POST": "create", "DELETE": "delete"}.get(self.request.method, "read")
        factory = visible_factories(self.actor, column).filter(pk=pk).first() if pk is not None else None
        if factory is None:
            raise NotFound(UNKNOWN)
        return factory


@extend_schema_view(list=extend_schema(parameters=[FACTORY, *BOUNDS]))
class PointViewSet(ListMixin, OfFactory, ApiViewSet[ProductionPoint]):
    """The points of a factory, the oldest first."""

    resource = "production"
    serializer_class = ShownPointSerializer
    ordering_fields = {"time": "at"}
    ordering = ("at",)
    http_method_names = ["get", "head", "options", "post", "delete"]
    raw_bodies = {"create": MAX_BODY_BYTES}
    query_params = {"list": PAGING}

    def allowed_query_params(self) -> Iterable[str]:
        """A period, but where points are appended."""
        known = super().allowed_query_params()
        return known if self.action == "create" else {*known, *PERIOD}

    def get_queryset(self) -> "QuerySet[ProductionPoint]":
        """The points of the period that is asked for."""
        if getattr(self, "swagger_fake_view", False):
            return ProductionPoint.objects.none()
        factory = self.find_factory()
        first, last = read_period(self.request.query_params, ZoneInfo(factory.timezone))
        return narrow(visible_points(self.actor).filter(factory=factory), first, last)

    def represent(self, objects: Sequence[ProductionPoint]) -> list[Any]:
        """Points as JSON."""
        return [
            {
                "time": plain_number(point.at.timestamp()),
                "at": point.at,
                "actual": plain_number(point.actual),
                "goal": plain_number(point.goal),
            }
            for point in objects
        ]

    @extend_schema(parameters=[FACTORY], request=PointsBodySerializer, responses={201: AppendedSerializer})
    def create(self, request: Request, id: str) -> Response:
        """Appends points, all or none: a list of them, or {"chart_data": …}. Known ones may be sent again."""
        body: Any = request.data
        factory = self.find_factory()
        appended = append_points(actor=self.actor, factory=factory, points=read_points_body(body))
        factory.refresh_from_db()
        told = {"added": appended.added, "unchanged": appended.unchanged, "points_count": factory.points_count}
        return Response(told, status=201)

    @extend_schema(parameters=[FACTORY, *BOUNDS], responses={204: None})
    def destroy(self, request: Request, id: str) -> Response:
        """Deletes the points of a period; it has to be named."""
        factory = self.find_factory()
        first, last = read_period(request.query_params, ZoneInfo(factory.timezone))
        delete_points(actor=self.actor, factory=factory, first=first, last=last)
        return Response(status=204)


class ChartView(OfFactory):
    """Goal against actual as a picture."""

    resource = "production"
    access = "list"
    http_method_names = ["get", "head", "options"]
    query_params = {"get": PERIOD, "head": PERIOD}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever is accepted: pages embed pictures."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(parameters=[FACTORY, *BOUNDS], responses={(200, CONTENT_TYPE): OpenApiTypes.STR})
    def get(self, request: Request, id: str) -> HttpResponse:
        """The chart as an SVG that stands on its own."""
        factory = self.find_factory()
        first, last = read_period(request.query_params, ZoneInfo(factory.timezone))
        points = read_series_of(actor=self.actor, factory=factory, first=first, last=last)
        chart = draw_production(factory.name, factory.timezone, points)
        return HttpResponse(draw_alone(chart), content_type=CONTENT_TYPE, headers=HEADERS)
