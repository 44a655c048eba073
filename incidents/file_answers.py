"""How the bytes of a file are handed out, whichever entrance asks: a download, or the redrawn picture to look at."""

from collections.abc import Callable
from typing import Any

from django.core.files import File
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from incidents.models import Attachment
from tracker.api.etags import is_unchanged
from tracker.files.keeping import read_chunks
from tracker.files.previews import CONTENT_TYPE as PREVIEW_TYPE

# Should a browser show the file after all, it may neither run nor load anything, and belongs to no origin.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "none",
}


def answer_with_file(
    request: Any, attachment: Attachment, *, is_preview: bool, open_bytes: "Callable[[], File[Any]]"
) -> HttpResponseBase:
    """The file, or its preview, for whoever may see it; `open_bytes` is called where they do not have it already."""
    etag = f'"{attachment.sha256}{"-preview" if is_preview else ""}"'
    headers = {**HEADERS, **_describe(attachment, is_preview=is_preview), "ETag": etag}
    if is_unchanged(request.headers.get("If-None-Match", ""), etag):
        return HttpResponse(status=304, headers={**HEADERS, "ETag": etag})
    file = open_bytes()
    headers["Content-Length"] = str(file.size)
    if request.method == "HEAD":
        file.close()
        return HttpResponse(headers=headers)
    return StreamingHttpResponse(read_chunks(file), headers=headers)


def _describe(attachment: Attachment, *, is_preview: bool) -> dict[str, str]:
    name = f"{attachment.name}.webp" if is_preview else attachment.name
    disposition = content_disposition_header(not is_preview, name) or "attachment"
    content_type = PREVIEW_TYPE if is_preview else attachment.content_type
    return {"Content-Type": content_type, "Content-Disposition": disposition}
