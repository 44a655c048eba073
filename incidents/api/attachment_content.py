"""…/attachments/{attachment_id}/content of an issue or an incident: the bytes of a file, always as a download."""

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from incidents.file_answers import answer_with_file
from incidents.models import Attachment
from incidents.services.attachments import open_attachment, visible_attachments
from incidents.services.issues import find_issue
from tracker.api.viewsets import ApiView
from tracker.exceptions import InvalidInput, NotFound
from tracker.row_ids import read_row_id

INLINE = OpenApiParameter("inline", str, enum=["1"], description="The redrawn picture instead of the file.")


class AttachmentContentView(ApiView):
    """One file."""

    resource = "attachments"
    access = "read"
    # Replaced where the address leads through an incident.
    find_named: Any = staticmethod(find_issue)
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
        open_bytes = partial(open_attachment, actor=self.actor, attachment=attachment, is_preview=bool(inline))
        return answer_with_file(request, attachment, is_preview=bool(inline), open_bytes=open_bytes)

    def _find(self, parent_id: str, attachment_id: str) -> Attachment:
        parent = self.find_named(self.actor, parent_id)
        rows = visible_attachments(self.actor, parent) if parent is not None else Attachment.objects.none()
        found = rows.filter(pk=read_row_id(attachment_id) or 0).first()
        if found is None:
            raise NotFound.unseen()
        return found
