"""How files of reports are handed out, whichever entrance asks: always as a download that nothing runs."""

from collections.abc import Callable
from typing import Any

from django.core.files import File
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from incidents.file_answers import HEADERS
from reports.exports.documents import Export
from reports.models import Report
from tracker.files.keeping import read_chunks


def answer_with_export(export: Export) -> StreamingHttpResponse:
    """A file that is written while it is sent."""
    headers = {**HEADERS, "Content-Disposition": _name(export.name)}
    return StreamingHttpResponse(export.pieces, content_type=export.content_type, headers=headers)


def answer_with_report_file(
    request: HttpRequest, report: Report, open_bytes: "Callable[[], File[Any]]"
) -> HttpResponseBase:
    """The file that was made with a report."""
    file = open_bytes()
    headers = {**HEADERS, "Content-Disposition": _name(report.file_name), "Content-Length": str(file.size)}
    if request.method == "HEAD":
        file.close()
        return HttpResponse(content_type=report.file_type, headers=headers)
    return StreamingHttpResponse(read_chunks(file), content_type=report.file_type, headers=headers)


def _name(name: str) -> str:
    return content_disposition_header(True, name) or "attachment"
