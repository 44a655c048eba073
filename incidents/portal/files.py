"""Photos and files of a report, as downloads and as redrawn pictures."""

from functools import partial

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from incidents.file_answers import answer_with_file
from incidents.models import Attachment
from incidents.services.attachments import read_attachment
from tracker.exceptions import NotFound


def answer_file(request: HttpRequest, files: QuerySet[Attachment], number: int) -> HttpResponseBase:
    """The file of this number, if it is among those that whoever asks may see; with ?preview its picture.

    Raises:
        NotFound: it is not. Unavailable: its bytes cannot be read now.
    """
    attachment = files.filter(pk=number).first()
    if attachment is None:
        raise NotFound.unseen()
    is_preview = "preview" in request.GET
    open_bytes = partial(read_attachment, attachment, is_preview=is_preview)
    return answer_with_file(request, attachment, is_preview=is_preview, open_bytes=open_bytes)
