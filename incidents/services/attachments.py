"""Files of issues and incidents: stored before a row names them, deleted after no row does."""

from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import QuerySet

from incidents.models import Attachment, Comment, Incident, Issue
from incidents.services.carriers import Thing, carrier_of, lock_thing, name_outsider, one_of, touch, visible_parts
from incidents.services.comments import visible_comments
from incidents.services.file_quotas import check_room, lock_sender
from incidents.services.stored_files import StoredFile, as_upload, keep_until_named
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied, Unavailable
from tracker.files.keeping import forget_files, open_file
from tracker.files.uploads import Upload


def visible_attachments(actor: Actor, thing: Thing) -> QuerySet[Attachment]:
    """The files of an issue or incident that the actor may see: all or none, but for internal ones."""
    return visible_parts(actor, thing, "attachments", Attachment.objects.select_related("uploaded_by"))


def public_attachments(incident: Incident) -> QuerySet[Attachment]:
    """What a stranger sees whom a door of its own has led to this incident."""
    return Attachment.objects.filter(incident=incident, is_internal=False).select_related("uploaded_by")


def attach_file(
    *,
    actor: Actor,
    upload: "Upload | File[Any]",
    issue: Issue | None = None,
    incident: Incident | None = None,
    comment: Comment | None = None,
    uploader_label: str = "",
) -> Attachment:
    """Stores a file and hangs it on the issue or incident named, or on one of its comments; with an internal comment
    it is internal. `upload` is an Upload, or a file of a form; `uploader_label` names whoever sent it where Tracker
    itself brings it.

    Raises:
        PermissionDenied: only people attach files. NotFound: the actor may not see the issue or incident.
        TooLarge: the file is. QuotaExceeded: the uploader's files together are. Conflict: it has enough files.
        InvalidInput: it is empty, or the comment is on something else.
        InsufficientStorage, Unavailable: it cannot be stored at present.
    """
    require_sender(actor)
    thing = one_of(issue, incident)
    if not carrier_of(thing).visible(actor, "read").filter(pk=thing.pk).exists():
        raise NotFound.unseen()
    if comment is not None and (comment := visible_comments(actor, thing).filter(pk=comment.pk).first()) is None:
        raise _no_such_comment(thing)
    return _attach(actor, thing, upload, comment, uploader_label, locked_for=actor)


def record_file(
    *,
    actor: Actor,
    incident: Incident,
    upload: "Upload | File[Any]",
    comment: Comment | None = None,
    uploader_label: str = "",
) -> Attachment:
    """`attach_file` for entrances that have checked by a rule of their own that the actor may; never internal."""
    if comment is not None and (comment.incident_id != incident.pk or comment.is_internal):
        raise _no_such_comment(incident)
    return _attach(actor, incident, upload, comment, uploader_label, locked_for=None)


@transaction.atomic
def delete_attachment(*, actor: Actor, attachment: Attachment) -> None:
    """Takes a file away; its bytes go once that is certain.

    Raises:
        NotFound: the actor may not see it. PermissionDenied: it is somebody else's; admins may.
    """
    decision = access.require(actor, "attachments", "delete")
    thing = lock_thing(actor, thing_of(attachment))
    found = visible_attachments(actor, thing).filter(pk=attachment.pk).first()
    if found is None:
        raise NotFound.unseen()
    if not decision.is_for_all_rows and (actor.user is None or found.uploaded_by_id != actor.user.pk):
        raise PermissionDenied("Only whoever sent a file, or an admin, deletes it.")
    keys = [key for key in (found.storage_key, found.preview_key) if key]
    data = {"attachment": found.pk, "name": found.name}
    found.delete()
    touch(thing)
    carrier_of(thing).log(actor, "file_removed", thing, data, is_internal=found.is_internal)
    transaction.on_commit(lambda: forget_files(keys), robust=True)


def open_attachment(*, actor: Actor, attachment: Attachment, is_preview: bool = False) -> "File[Any]":
    """The bytes of a file, or those of its preview, for whoever may see it.

    Raises:
        NotFound: it may not be seen, it has no preview, or its bytes are lost. Unavailable: they cannot be read now.
    """
    if not visible_attachments(actor, thing_of(attachment)).filter(pk=attachment.pk).exists():
        raise NotFound.unseen()
    return read_attachment(attachment, is_preview=is_preview)


def read_attachment(attachment: Attachment, *, is_preview: bool = False) -> "File[Any]":
    """`open_attachment` for entrances that took the file from `public_attachments`."""
    key = attachment.preview_key if is_preview else attachment.storage_key
    if not key:
        raise NotFound("This file has no preview.")
    try:
        return open_file(key)
    except FileNotFoundError:
        raise Unavailable("The bytes of this file are missing in the file store.") from None


def thing_of(attachment: Attachment) -> Thing:
    """What the file hangs on, known by its id alone."""
    return Issue(pk=attachment.issue_id) if attachment.issue_id is not None else Incident(pk=attachment.incident_id)


def require_sender(actor: Actor) -> None:
    """Whether the actor sends files at all.

    Raises:
        PermissionDenied, NotAuthenticated: only people do, and Tracker itself.
    """
    access.require(actor, "attachments", "create")
    if actor.user is None and not actor.is_system:
        raise PermissionDenied("Only people attach files.")


def write_attachment(
    actor: Actor, thing: Thing, stored: StoredFile, *, comment: Comment | None = None, uploader_label: str = ""
) -> Attachment:
    """The row of a stored file, and its line in the log; under the locks of the thing and the sender."""
    is_internal = comment is not None and comment.is_internal
    attachment = Attachment.objects.create(
        **{carrier_of(thing).word: thing},
        comment=comment,
        is_internal=is_internal,
        uploaded_by=actor.user,
        uploader_label=name_outsider(actor, uploader_label),
        name=stored.name,
        storage_key=stored.storage_key,
        preview_key=stored.preview_key,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        created_at=clock.now(),
    )
    touch(thing)
    data = {"attachment": attachment.pk, "name": attachment.name}
    carrier_of(thing).log(actor, "file_added", thing, data, is_internal=is_internal)
    return attachment


def _attach(
    actor: Actor,
    thing: Thing,
    upload: "Upload | File[Any]",
    comment: Comment | None,
    uploader_label: str,
    *,
    locked_for: Actor | None,
) -> Attachment:
    carrier = carrier_of(thing)
    with as_upload(upload) as sent:
        check_room(actor.user, [sent], carrier.word, thing)
        with keep_until_named(sent) as stored, transaction.atomic():
            thing = lock_thing(locked_for, thing)
            if comment is not None and not Comment.objects.filter(pk=comment.pk).exists():
                raise _no_such_comment(thing)
            lock_sender(actor.user)
            check_room(actor.user, [sent], carrier.word, thing)
            row = write_attachment(actor, thing, stored, comment=comment, uploader_label=uploader_label)
            carrier.tell_people(actor, thing, "added a file", row.name, is_internal=row.is_internal)
            return row


def _no_such_comment(thing: Thing) -> InvalidInput:
    return InvalidInput.of_field("comment", f"Must be a comment on this {carrier_of(thing).word}.")
