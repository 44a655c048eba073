"""Bodies: JSON read strictly, with limits on size and depth; nothing compressed or lenient."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from tracker.exceptions import TooLarge
from tracker.strict_json import parse_json

FORM = "multipart/form-data"
MAX_BODY_BYTES = 1024 * 1024


def read_body(request: HttpRequest, *, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The raw body. What announces itself as too large is refused before a byte of it is read.

    Raises:
        TooLarge: more than `limit_bytes`.
        UnsupportedMediaType: compressed; a bomb of 10 KB may unfold to gigabytes.
    """
    check_announcement(request, limit_bytes=limit_bytes)
    body = request.body
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


def check_announcement(request: HttpRequest, *, limit_bytes: int) -> int:
    """How many bytes the request says it brings; raises as `read_body` where that is too many or compressed."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(encoding, detail="Send the body uncompressed; no Content-Encoding is accepted.")
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > limit_bytes:
        raise _too_large(limit_bytes)
    return announced


def is_form(request: Any) -> bool:
    """Whether a request says that it brings a form with files."""
    return str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() == FORM


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"The body may have up to {limit_bytes} bytes here.")


class StrictJSONParser(BaseParser):
    """The parser of every view. Actions in the view's `raw_bodies` get the checked but unparsed bytes."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The parsed body, or its bytes."""
        context = parser_context or {}
        if str(context.get("encoding", "utf-8")).lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
            raise UnsupportedMediaType(media_type or "", detail="JSON is sent in UTF-8.")
        request, view = context["request"], context["view"]
        body = read_body(request._request, limit_bytes=getattr(view, "body_limit_bytes", MAX_BODY_BYTES))
        return body if getattr(view, "action_name", None) in getattr(view, "raw_bodies", ()) else parse_json(body)
