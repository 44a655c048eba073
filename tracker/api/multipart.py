"""Forms with files, read as strictly as JSON: nothing guessed, everything limited, files straight to the disk.

Only the actions that a view names in `uploads` take them. The parsed body is a plain dict as from JSON: texts by name,
lists of texts for the fields in `lists`, and an Upload, or a list of them where several may come, for each file field.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import BaseParser

from tracker.api.authentication import actor_of
from tracker.api.form_places import FormPlace
from tracker.api.form_reader import FormReader, FormSource, UploadRules, boundary_of
from tracker.api.parsers import FORM, check_announcement
from tracker.files.uploads import Upload

__all__ = ["StrictMultipartParser", "UploadField", "UploadRules", "close_uploads", "digest_form"]


@extend_schema_field(OpenApiTypes.BINARY)
class UploadField(serializers.Field):
    """A serializer's field for the file, or the files, of a form."""

    default_error_messages = {"no_file": "Send a file, in a part of multipart/form-data that has a filename."}

    def to_internal_value(self, data: Any) -> Upload | list[Upload]:
        """The upload as it is; it is closed when the request ends."""
        uploads = data if isinstance(data, list) else [data]
        if not uploads or not all(isinstance(upload, Upload) for upload in uploads):
            self.fail("no_file")
        files: Upload | list[Upload] = data
        return files


class StrictMultipartParser(BaseParser):
    """The parser of actions that take files."""

    media_type = FORM

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The parsed form."""
        context = parser_context or {}
        request, view = context["request"], context["view"]
        announced = check_announcement(request._request, limit_bytes=settings.REQUEST_BODY_LIMIT)
        form = FormReader(view.uploads[view.action_name])
        place = FormPlace(actor_of(request).key)
        # Known before anything is read, so that whatever goes wrong, what has come in is closed.
        request._request.open_form = (place, form.uploads)
        form.read(FormSource(stream, announced), boundary_of(media_type or ""))
        return form.values


def close_uploads(request: Any) -> None:
    """Deletes what a request sent and nobody stored, and lets the next form in."""
    place, uploads = getattr(request, "open_form", (None, ()))
    for upload in uploads:
        upload.close()
    if place is not None:
        place.close()


def digest_form(values: Any) -> bytes:
    """What makes two forms the same: their fields and files, not the boundary that the client drew."""
    return hashlib.sha256(orjson.dumps(values, default=_describe, option=orjson.OPT_SORT_KEYS)).digest()


def _describe(upload: Any) -> list[Any]:
    return [upload.field, upload.name, upload.size, upload.sha256]
