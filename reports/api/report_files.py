"""/v1/reports/{id}/export and …/file: a report's tables as a file, and the file that was made with it."""

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from reports.choices import FileFormat
from reports.exports.documents import DOCUMENT_FORMATS
from reports.file_answers import answer_with_export, answer_with_report_file
from reports.services.exporting import export_report, open_report_file

FORMAT = OpenApiParameter("format", str, enum=[one.value for one in DOCUMENT_FORMATS], description="Without it, csv.")
EXPORTS = {(200, one.content_type.partition(";")[0]): OpenApiTypes.BINARY for one in DOCUMENT_FORMATS}


class ReportFilesMixin:
    """Downloads of one report."""

    actor: Any
    get_object: Any

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A file comes as what it is, whatever is accepted."""
        view: Any = super()
        is_file = getattr(self, "action", "") in ("export", "file")
        return view.perform_content_negotiation(request, force=force or is_file)

    @extend_schema(parameters=[FORMAT], responses=EXPORTS, filters=False)
    @action(detail=True, methods=["get"], access="export", pagination_class=None)
    def export(self, request: Request, pk: str) -> HttpResponseBase:
        """The tables of a finished report; cells that a spreadsheet would calculate begin with a quote."""
        chosen = request.query_params.get("format", FileFormat.CSV.value)
        return answer_with_export(export_report(actor=self.actor, report=self.get_object(), file_format=chosen))

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, methods=["get"], access="export", pagination_class=None)
    def file(self, request: Request, pk: str) -> HttpResponseBase:
        """The file that was made with a report, such as raw rows."""
        report = self.get_object()
        return answer_with_report_file(request, report, partial(open_report_file, actor=self.actor, report=report))
