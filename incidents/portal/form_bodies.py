"""Forms with photos, read as the API reads them: piece by piece, every part limited, files straight to the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import UnsupportedMediaType

from tracker.api.form_places import FormPlace
from tracker.api.form_reader import FormReader, FormSource, UploadRules, boundary_of
from tracker.api.multipart import digest_form
from tracker.api.parsers import check_announcement, is_form
from tracker.exceptions import DomainError
from tracker.files.uploads import Upload

PHOTOS = "photos"
MAX_PHOTOS = 10
RULES = UploadRules(files=(PHOTOS,), max_files=MAX_PHOTOS)
TOKEN = "csrfmiddlewaretoken"  # noqa: S105


@dataclass(slots=True)
class SentForm:
    """What came in. Where the reading ended early, `refusal` says why, and the rest is what came before it."""

    texts: dict[str, str]
    photos: list[Upload] = field(default_factory=list)
    refusal: DomainError | None = None

    @property
    def digest(self) -> bytes:
        """What makes two forms the same: all that people put in. Of photos the names: a browser that sends a page
        again may not have their bytes any more."""
        texts = {name: text for name, text in self.texts.items() if name != TOKEN}
        return digest_form({**texts, PHOTOS: [upload.name for upload in self.photos]})


@contextmanager
def open_form(request: HttpRequest, *, who: str) -> Iterator[SentForm]:
    """The form of a request; what nobody stored of it is deleted in the end.

    Raises:
        UnsupportedMediaType: it is none, or compressed. TooLarge: it says that it is longer than any may be.
        Throttled: this one sends too many at the same time.
    """
    if not is_form(request):
        raise UnsupportedMediaType(request.content_type or "", detail="Send multipart/form-data.")
    announced = check_announcement(request, limit_bytes=settings.REQUEST_BODY_LIMIT)
    place, reader, refusal = FormPlace(who), FormReader(RULES), None
    try:
        try:
            reader.read(FormSource(request, announced), boundary_of(request.META["CONTENT_TYPE"]))
        except DomainError as error:
            refusal = error
        photos: list[Upload] = reader.values.pop(PHOTOS, [])
        yield SentForm(reader.values, photos, refusal)
    finally:
        for upload in reader.uploads:
            upload.close()
        place.close()


def refuse_forged(request: HttpRequest, sent: SentForm) -> HttpResponseBase | None:
    """The refusal of a form that another site made a browser send. Django would read the body for the token itself."""
    token = QueryDict(mutable=True)
    token[TOKEN] = sent.texts.get(TOKEN, "")
    request._post, request._files = token, MultiValueDict()  # type: ignore[attr-defined]
    answer: HttpResponseBase | None = CsrfViewMiddleware(_answer_nothing).process_view(request, _answer_nothing, (), {})
    return answer


def _answer_nothing(*_: Any, **__: Any) -> HttpResponse:
    return HttpResponse()
