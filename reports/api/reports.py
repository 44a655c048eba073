"""/v1/reports: asked for, followed, read, cancelled and deleted; /v1/reports/kinds: what there is to ask."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from reports.api.report_files import ReportFilesMixin
from reports.api.report_json import describe_kind, describe_report, describe_whole_report
from reports.api.report_serializers import (
    NewReportSerializer,
    ReportKindSerializer,
    ReportSerializer,
    WholeReportSerializer,
)
from reports.choices import ReportState
from reports.kinds import KINDS
from reports.models import Report
from reports.services.presenting import present_report
from reports.services.reports import (
    cancel_report,
    delete_report,
    find_report,
    may_ask_for,
    request_report,
    rerun_report,
    visible_reports,
)
from tracker.api.etags import etag_of
from tracker.api.filters import ChoiceInFilter, InFilter
from tracker.api.permissions import column_of
from tracker.api.serializers import EmptySerializer
from tracker.api.viewsets import ApiViewSet, ListMixin, RetrieveMixin
from tracker.charts.standalone import CONTENT_TYPE, HEADERS, draw_alone
from tracker.exceptions import NotFound
from tracker.row_ids import read_row_id

NUMBER = OpenApiParameter("number", str, OpenApiParameter.PATH, description="Which chart, from 1.")


class ReportFilterSet(filters.FilterSet):
    """What a list of reports may be narrowed by."""

    kind = InFilter(field_name="kind", lookup_expr="in")
    state = ChoiceInFilter(field_name="state", lookup_expr="in", choices=ReportState.choices)
    project = filters.CharFilter(field_name="project__key", max_length=12)
    schedule = filters.CharFilter(field_name="schedule", max_length=200)
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Report
        fields: Sequence[str] = ()


class ReportViewSet(ReportFilesMixin, ListMixin, RetrieveMixin, ApiViewSet[Report]):
    """Reports, the newest first."""

    resource = "reports"
    serializer_class: Any = ReportSerializer
    filterset_class = ReportFilterSet
    ordering_fields: Mapping[str, str] = {"id": "pk"}
    ordering: Sequence[str] = ("-pk",)
    http_method_names = ["get", "head", "options", "post", "delete"]
    query_params = {"export": ("format",)}

    def get_queryset(self) -> "QuerySet[Report]":
        """The reports to which the caller may do what the address does."""
        rows = visible_reports(self.actor, column_of(self, self.request.method)).select_related("project")
        return rows.defer("result") if self.action == "list" else rows

    def etag(self, instance: Report) -> str:
        """Its state and progress: all else follows from them."""
        return etag_of([instance.pk, instance.state, instance.progress_done, instance.progress_total])

    def represent(self, objects: Sequence[Report]) -> list[Any]:
        """Reports in a list."""
        return [describe_report(report) for report in objects]

    def respond(self, instance: Report, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """One report, whole, with its ETag."""
        told = describe_whole_report(instance)
        return Response(told, status=status, headers={"ETag": self.etag(instance), **(headers or {})})

    def accept(self, report: Report) -> Response:
        """A report that was asked for, and where it will be."""
        return self.respond(report, status=202, headers={"Location": f"/v1/reports/{report.pk}"})

    @extend_schema(responses=WholeReportSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One report: how far it is, and what it says."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=NewReportSerializer, responses={202: WholeReportSerializer})
    def create(self, request: Request) -> Response:
        """Asks for a report; where the same is under way already, that one answers."""
        return self.accept(request_report(actor=self.actor, **self.valid(NewReportSerializer)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Deletes a report and its file."""
        delete_report(actor=self.actor, report=self.get_object())
        return Response(status=204)

    @extend_schema(request=EmptySerializer, responses=WholeReportSerializer)
    @action(detail=True, methods=["post"], access="transition")
    def cancel(self, request: Request, pk: str) -> Response:
        """Ends a report that is not finished."""
        self.valid(EmptySerializer)
        return self.respond(cancel_report(actor=self.actor, report=self.get_object()))

    @extend_schema(request=EmptySerializer, responses={202: WholeReportSerializer})
    @action(detail=True, methods=["post"], access="create")
    def rerun(self, request: Request, pk: str) -> Response:
        """Asks the same again as of the same moment; the hash tells whether history has been told anew since."""
        self.valid(EmptySerializer)
        report = find_report(self.actor, pk)
        if report is None:
            raise NotFound.unseen()
        return self.accept(rerun_report(actor=self.actor, report=report))

    @extend_schema(responses=ReportKindSerializer(many=True), filters=False)
    @action(detail=False, methods=["get"], access="list", pagination_class=None)
    def kinds(self, request: Request) -> Response:
        """The kinds of report that the caller may ask for, and what each takes."""
        return Response([describe_kind(kind) for kind in KINDS.values() if may_ask_for(self.actor, kind)])

    @extend_schema(parameters=[NUMBER], responses={(200, CONTENT_TYPE): OpenApiTypes.STR}, filters=False)
    @action(detail=True, methods=["get"], url_path="charts/(?P<number>[^/]+)", access="read")
    def chart(self, request: Request, pk: str, number: str) -> HttpResponse:
        """One chart as a picture."""
        shown = present_report(self.get_object())
        place = read_row_id(number) or 0
        if shown is None or not 1 <= place <= len(shown.charts):
            raise NotFound.unseen()
        return HttpResponse(draw_alone(shown.charts[place - 1]), content_type=CONTENT_TYPE, headers=HEADERS)
