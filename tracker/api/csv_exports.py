"""`GET …/export`: a list whole, as CSV."""

from collections.abc import Iterator
from typing import Any, cast

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from tracker.api.filters import list_parameters
from tracker.exceptions import InvalidInput

FORMAT = OpenApiParameter("format", str, enum=["csv"], description="Only csv.")


class CsvExportMixin:
    """For a view of lists, before its base. It says how its file is called and how its rows are written."""

    export_name: str

    def export_rows(self, rows: Any) -> Iterator[bytes]:
        """The filtered rows as CSV, in pieces."""
        raise NotImplementedError

    @extend_schema(parameters=[FORMAT], responses={(200, "text/csv"): OpenApiTypes.STR}, filters=True)
    @action(detail=False, methods=["get"], access="export", pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """The list as CSV, with the same filters; cells that a spreadsheet would calculate begin with a quote."""
        if request.query_params.get("format", "csv") != "csv":
            raise InvalidInput.of_field("format", "Only csv.")
        view = cast("Any", self)
        pieces = self.export_rows(view.filter_queryset(view.get_queryset()))
        disposition = f'attachment; filename="{self.export_name}.csv"'
        headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)

    def allowed_query_params(self) -> Any:
        """What the list knows, on the export too."""
        view, above = cast("Any", self), cast("Any", super())
        extra = above.allowed_query_params()
        return {*extra, *list_parameters(view), "format"} if view.action == "export" else extra
