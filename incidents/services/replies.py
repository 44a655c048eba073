"""More about an incident: words and files together, all of it or nothing."""

from collections.abc import Sequence
from typing import Any

from django.core.files import File
from django.db import transaction

from incidents.models import Comment, Incident
from incidents.services.attachments import attach_file, record_file
from incidents.services.comments import comment_on_incident, record_comment
from tracker.access import Actor
from tracker.files.uploads import Upload

Uploads = Sequence["Upload | File[Any]"]


@transaction.atomic
def reply_on_incident(*, actor: Actor, incident: Incident, body: str, uploads: Uploads = ()) -> None:
    """What a person adds, for whoever sees the incident: a comment, files, or both.

    Raises: as `comment_on_incident` and `attach_file`; InvalidInput where there is neither.
    """
    comment = None
    if body.strip() or not uploads:
        comment = comment_on_incident(actor=actor, incident=incident, body=body)
    for upload in uploads:
        attach_file(actor=actor, incident=incident, upload=upload, comment=comment)


@transaction.atomic
def record_reply(*, actor: Actor, incident: Incident, body: str, uploads: Uploads = (), author_label: str = "") -> None:
    """`reply_on_incident` for entrances that have checked by a rule of their own that the actor may."""
    comment: Comment | None = None
    if body.strip() or not uploads:
        comment = record_comment(actor=actor, incident=incident, body=body, author_label=author_label)
    for upload in uploads:
        record_file(actor=actor, incident=incident, upload=upload, comment=comment, uploader_label=author_label)
