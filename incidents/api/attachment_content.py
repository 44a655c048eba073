"""/v1/issues/{id}/attachments/{attachment_id}/content: the bytes of a file, always as a download."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from incidents.models import Attachment
from incidents.services.attachments import open_attachment, visible_attachments
from incidents.services.issues import find_issue
from tracker.api.etags import is_unchanged
from tracker.api.viewsets import ApiView
from tracker.exceptions import InvalidInput, NotFound
from tracker.files.keeping import read_chunks
from tracker.files.previews import CONTENT_TYPE as PREVIEW_TYPE
from tracker.row_ids import read_row_id

INLINE = OpenApiParameter("inline", str, enum=["1"], description="The redrawn picture instead of the file.")
# Should a browser show the file after all, it may neither run nor load anything, and belongs to no origin.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "none",
}


class AttachmentContentView(ApiView):
    """One file."""

    resource = "attachments"
    access = "read"
    query_params = {"get": ("inline",), "head": ("inline",)}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Whatever is accepted: pages embed pictures, and a file comes as what it is."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(parameters=[INLINE], responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, id: str, attachment_id: str) -> HttpResponseBase:
        """The file as a download, or with `inline=1` its preview, which only pictures have."""
        inline = request.query_params.get("inline", "")
        if inline not in ("", "1"):
            raise InvalidInput.of_field("inline", "Send 1 or leave it out.")
        attachment = self._find(id, attachment_id)
        etag = f'"{attachment.sha256}{"-preview" if inline else ""}"'
        headers = {**HEADERS, **_describe(attachment, is_preview=bool(inline)), "ETag": etag}
        if is_unchanged(request.headers.get("If-None-Match", ""), etag):
            return HttpResponse(status=304, headers={**HEADERS, "ETag": etag})
        file = open_attachment(actor=self.actor, attachment=attachment, is_preview=bool(inline))
        headers["Content-Length"] = str(file.size)
        if request.method == "HEAD":
            file.close()
            return HttpResponse(headers=headers)
        return StreamingHttpResponse(read_chunks(file), headers=headers)

    def _find(self, issue_id: str, attachment_id: str) -> Attachment:
        issue = find_issue(self.actor, issue_id)
        rows = visible_attachments(self.actor, issue) if issue is not None else Attachment.objects.none()
        found = rows.filter(pk=read_row_id(attachment_id) or 0).first()
        if found is None:
            raise NotFound.unseen()
        return found


def _describe(attachment: Attachment, *, is_preview: bool) -> dict[str, str]:
    name = f"{attachment.name}.webp" if is_preview else attachment.name
    disposition = content_disposition_header(not is_preview, name) or "attachment"
    content_type = PREVIEW_TYPE if is_preview else attachment.content_type
    return {"Content-Type": content_type, "Content-Disposition": disposition}
