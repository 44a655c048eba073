"""How many files there may be: on one issue or incident, and of one sender."""

from collections.abc import Sequence

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from incidents.models import Attachment
from incidents.services.carriers import Thing
from tracker.exceptions import Conflict, FieldError, InvalidInput, QuotaExceeded
from tracker.files.uploads import Upload
from tracker.models import User

MAX_FILES = 50
FIELD = "file"
# Strangers and machines are one sender together, so that none of them fills the disk under ever new names.
NOBODYS_FILES_LOCK = 7_201_021


def lock_sender(person: User | None) -> None:
    """Whoever sends many files at once waits here, so that their sum is counted rightly."""
    if person is not None:
        User.objects.select_for_update(no_key=True).only("pk").get(pk=person.pk)
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NOBODYS_FILES_LOCK])


def check_room(person: User | None, uploads: Sequence[Upload], word: str, thing: Thing | None = None) -> None:
    """Whether there is room for these files of a person, or of nobody, on a thing that may still come.

    Raises:
        InvalidInput: one is empty. Conflict: the thing would have more than MAX_FILES. QuotaExceeded: the sender.
    """
    if not all(upload.size for upload in uploads):
        raise InvalidInput.of_field(FIELD, "The file is empty.")
    count = thing.attachments.count() if thing is not None else 0
    if count + len(uploads) > MAX_FILES:
        message = f"An {word} has up to {MAX_FILES} files."
        raise Conflict(f"{FIELD}: {message}", details=[FieldError(FIELD, message)])
    used = Attachment.objects.filter(uploaded_by=person).aggregate(total=Sum("size_bytes"))["total"] or 0
    quota: int = settings.ATTACHMENT_QUOTA_BYTES
    if used + sum(upload.size for upload in uploads) > quota:
        whose = "Your files" if person is not None else "Files of senders without an account"
        message = f"{whose} together may have up to {quota} bytes; {max(0, quota - used)} are left."
        raise QuotaExceeded(f"{FIELD}: {message}", details=[FieldError(FIELD, message)])
