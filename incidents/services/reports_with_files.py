"""Issues and incidents that come with files: all of it, or nothing."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from django.core.files import File
from django.db import transaction

from incidents.models import Incident, Issue
from incidents.services.attachments import require_sender, write_attachment
from incidents.services.file_quotas import check_room, lock_sender
from incidents.services.incidents import Origin, create_incident, record_incident
from incidents.services.issues import create_issue
from incidents.services.stored_files import as_upload, keep_until_named
from tracker import access
from tracker.access import Actor
from tracker.files.uploads import Upload
from tracker.models import Project

T = TypeVar("T", Issue, Incident)
Uploads = Sequence["Upload | File[Any]"]


def create_issue_with_files(
    *,
    actor: Actor,
    values: Mapping[str, Any],
    uploads: Uploads,
    project: Project | None = None,
    uploader_label: str = "",
) -> Issue:
    """A new issue with files. The files are stored before the project's row is held.

    Raises: as `create_issue` and `attach_file`.
    """
    access.require(actor, "issues", "create")
    if uploads:
        require_sender(actor)
    create = partial(create_issue, actor=actor, values=values, project=project)
    return _create(create, actor, uploads, "issue", uploader_label)


def create_incident_with_files(
    *, actor: Actor, values: Mapping[str, Any], uploads: Uploads, origin: Origin | None = None
) -> Incident:
    """A new incident with files; the origin's `reporter_label` is who sent them where that is nobody with an account.

    Raises: as `create_incident` and `attach_file`.
    """
    access.require(actor, "incidents", "create")
    if uploads:
        require_sender(actor)
    create = partial(create_incident, actor=actor, values=values, origin=origin)
    return _create(create, actor, uploads, "incident", origin.reporter_label if origin else "")


def record_incident_with_files(
    *, actor: Actor, values: Mapping[str, Any], uploads: Uploads, origin: Origin | None = None
) -> Incident:
    """`create_incident_with_files` for entrances that have checked by a rule of their own that the actor may report."""
    create = partial(record_incident, actor=actor, values=values, origin=origin)
    return _create(create, actor, uploads, "incident", origin.reporter_label if origin else "")


def _create(create: Callable[[], T], actor: Actor, uploads: Uploads, word: str, uploader_label: str) -> T:
    if not uploads:
        return create()
    with ExitStack() as stack:
        sent = [stack.enter_context(as_upload(upload)) for upload in uploads]
        check_room(actor.user, sent, word)
        stored = [stack.enter_context(keep_until_named(upload)) for upload in sent]
        with transaction.atomic():
            thing = create()
            lock_sender(actor.user)
            check_room(actor.user, sent, word)
            for file in stored:
                write_attachment(actor, thing, file, uploader_label=uploader_label)
        return thing
