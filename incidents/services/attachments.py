"""Files of issues: stored before a row names them, deleted after no row does."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import QuerySet, Sum

from incidents.models import Attachment, Comment, Issue
from incidents.services.issue_news import log_issue, tell_watchers
from incidents.services.issues import create_issue, lock_issue, visible_issues
from incidents.services.stored_files import StoredFile, as_upload, keep_until_named
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import (
    Conflict,
    FieldError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    Unavailable,
)
from tracker.files.keeping import forget_files, open_file
from tracker.files.uploads import Upload
from tracker.models import Project, User

MAX_FILES_PER_ISSUE = 50
FIELD = "file"


def visible_attachments(actor: Actor) -> QuerySet[Attachment]:
    """The files that an actor may know of: those of the issues that the actor may see."""
    if not access.may(actor, "attachments", "read"):
        return Attachment.objects.none()
    issues = visible_issues(actor, "read")
    return Attachment.objects.filter(issue__in=issues).select_related("uploaded_by", "issue__project")


def attach_file(
    *, actor: Actor, issue: Issue, upload: "Upload | File[Any]", comment: Comment | None = None
) -> Attachment:
    """Stores a file and hangs it on an issue, or on one of its comments. `upload` is an Upload, or a file of a form.

    Raises:
        PermissionDenied: only people attach files. NotFound: the actor may not see the issue.
        TooLarge: the file is. QuotaExceeded: the uploader's files together are. Conflict: the issue has enough.
        InvalidInput: it is empty, or the comment is another issue's.
        InsufficientStorage, Unavailable: it cannot be stored at present.
    """
    access.require(actor, "attachments", "create")
    if actor.user is None:
        raise PermissionDenied("Only people attach files.")
    if not visible_issues(actor, "read").filter(pk=issue.pk).exists():
        raise NotFound.unseen()
    if comment is not None and comment.issue_id != issue.pk:
        raise InvalidInput.of_field("comment", "Must be a comment on this issue.")
    with as_upload(upload) as sent:
        _check_room(actor.user, [sent], issue)
        with keep_until_named(sent) as stored, transaction.atomic():
            issue = lock_issue(actor, issue, action="read")
            uploader = _lock_uploader(actor.user)
            _check_room(uploader, [sent], issue)
            attachment = _write_row(actor, issue, uploader, comment, stored)
            tell_watchers(actor=actor, issue=issue, what="added a file", body=attachment.name)
            return attachment


def create_issue_with_files(
    *,
    actor: Actor,
    values: Mapping[str, Any],
    uploads: "Sequence[Upload | File[Any]]",
    project: Project | None = None,
) -> Issue:
    """A new issue with files: all of it, or nothing. The files are stored before the project's row is held.

    Raises: as `create_issue` and `attach_file`.
    """
    if not uploads:
        return create_issue(actor=actor, values=values, project=project)
    access.require(actor, "issues", "create")
    access.require(actor, "attachments", "create")
    if actor.user is None:
        raise PermissionDenied("Only people attach files.")
    with ExitStack() as stack:
        sent = [stack.enter_context(as_upload(upload)) for upload in uploads]
        _check_room(actor.user, sent)
        stored = [stack.enter_context(keep_until_named(upload)) for upload in sent]
        with transaction.atomic():
            issue = create_issue(actor=actor, values=values, project=project)
            uploader = _lock_uploader(actor.user)
            _check_room(uploader, sent)
            for file in stored:
                _write_row(actor, issue, uploader, None, file)
        return issue


@transaction.atomic
def delete_attachment(*, actor: Actor, attachment: Attachment) -> None:
    """Takes a file away; its bytes go once that is certain.

    Raises:
        NotFound: the actor may not see it. PermissionDenied: it is somebody else's; admins may.
    """
    decision = access.require(actor, "attachments", "delete")
    issue = lock_issue(actor, Issue(pk=attachment.issue_id), action="read")
    found = Attachment.objects.filter(pk=attachment.pk, issue=issue).first()
    if found is None:
        raise NotFound.unseen()
    if not decision.is_for_all_rows and (actor.user is None or found.uploaded_by_id != actor.user.pk):
        raise PermissionDenied("Only whoever sent a file, or an admin, deletes it.")
    keys = [key for key in (found.storage_key, found.preview_key) if key]
    data = {"attachment": found.pk, "name": found.name}
    found.delete()
    Issue.objects.filter(pk=issue.pk).update(updated_at=clock.now())
    log_issue(actor=actor, verb="issue.file_removed", issue=issue, data=data)
    transaction.on_commit(lambda: forget_files(keys), robust=True)


def open_attachment(*, actor: Actor, attachment: Attachment, is_preview: bool = False) -> "File[Any]":
    """The bytes of a file, or those of its preview, for whoever may see its issue.

    Raises:
        NotFound: it may not be seen, it has no preview, or its bytes are lost. Unavailable: they cannot be read now.
    """
    if not visible_attachments(actor).filter(pk=attachment.pk).exists():
        raise NotFound.unseen()
    key = attachment.preview_key if is_preview else attachment.storage_key
    if not key:
        raise NotFound("This file has no preview.")
    try:
        return open_file(key)
    except FileNotFoundError:
        raise Unavailable("The bytes of this file are missing in the file store.") from None


def _lock_uploader(person: User) -> User:
    """Whoever sends many files at once waits here, so that their sum is counted rightly."""
    return User.objects.select_for_update(no_key=True).get(pk=person.pk)


def _check_room(uploader: User, uploads: Sequence[Upload], issue: Issue | None = None) -> None:
    if not all(upload.size for upload in uploads):
        raise InvalidInput.of_field(FIELD, "The file is empty.")
    count = Attachment.objects.filter(issue=issue).count() if issue is not None else 0
    if count + len(uploads) > MAX_FILES_PER_ISSUE:
        message = f"An issue has up to {MAX_FILES_PER_ISSUE} files."
        raise Conflict(f"{FIELD}: {message}", details=[FieldError(FIELD, message)])
    used = Attachment.objects.filter(uploaded_by=uploader).aggregate(total=Sum("size_bytes"))["total"] or 0
    quota: int = settings.ATTACHMENT_QUOTA_BYTES
    if used + sum(upload.size for upload in uploads) > quota:
        message = f"Your files together may have up to {quota} bytes; {max(0, quota - used)} are left."
        raise QuotaExceeded(f"{FIELD}: {message}", details=[FieldError(FIELD, message)])


def _write_row(actor: Actor, issue: Issue, uploader: User, comment: Comment | None, stored: StoredFile) -> Attachment:
    attachment = Attachment.objects.create(
        issue=issue,
        comment=comment,
        uploaded_by=uploader,
        name=stored.name,
        storage_key=stored.storage_key,
        preview_key=stored.preview_key,
        content_type=stored.content_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        created_at=clock.now(),
    )
    Issue.objects.filter(pk=issue.pk).update(updated_at=clock.now())
    data = {"attachment": attachment.pk, "name": attachment.name}
    log_issue(actor=actor, verb="issue.file_added", issue=issue, data=data)
    return attachment
