"""POST /v1/reports/project/{project}/daily-summary: a project's figures of today, as clients have always asked."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from reports.api.report_json import describe_whole_report
from reports.api.report_serializers import WholeReportSerializer
from reports.services.reports import request_report
from tracker.api.serializers import EmptySerializer
from tracker.api.viewsets import ApiView
from tracker.exceptions import NotFound
from tracker.row_ids import read_row_id
from tracker.services.projects import projects_of_person

KIND = "daily_summary"
PROJECT = OpenApiParameter("project", str, OpenApiParameter.PATH, description="Id or key of the project.")


class DailySummaryView(ApiView):
    """Asks for the daily summary of a project."""

    resource = "reports"
    access = "create"
    http_method_names = ["post", "options"]

    @extend_schema(parameters=[PROJECT], request=EmptySerializer, responses={202: WholeReportSerializer})
    def post(self, request: Request, project: str) -> Response:
        """A report of kind daily_summary; `/v1/reports/{id}` says when it is ready."""
        self.valid(EmptySerializer)
        pk = read_row_id(project)
        rows = projects_of_person(self.actor)
        found = rows.filter(pk=pk).first() if pk is not None else rows.filter(key=project.upper()).first()
        if found is None:
            raise NotFound.unseen()
        report = request_report(actor=self.actor, kind=KIND, parameters={"project": found.key}, project=found)
        return Response(describe_whole_report(report), status=202, headers={"Location": f"/v1/reports/{report.pk}"})
