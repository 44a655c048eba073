"""Incidents for tests."""

from itertools import count
from typing import Any

from incidents.models import Attachment, Comment, Incident, IncidentCategory
from incidents.services.incidents import Origin, create_incident
from tracker import clock
from tracker.access import Actor
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload
from tracker.models import User

_numbers = count(1)


def category_of(key: str = "theft") -> IncidentCategory:
    """One of the categories that every installation has."""
    return IncidentCategory.objects.get_or_create(key=key, defaults={"name": key.capitalize()})[0]


def make_incident(*, actor: Actor | None = None, origin: Origin | None = None, **values: Any) -> Incident:
    """An incident as it is after `create_incident`; by nobody unless an actor is given."""
    wanted = {"category": category_of(), "title": f"Something happened {next(_numbers)}", **values}
    return create_incident(actor=actor or Actor.system("test"), values=wanted, origin=origin)


def make_incident_comment(
    incident: Incident, author: User | None, body: str = "Looked at it.", **fields: Any
) -> Comment:
    """A comment on an incident, as a plain row."""
    values = {"incident": incident, "author": author, "body": body, "created_at": clock.now(), **fields}
    return Comment.objects.create(**values)


def make_incident_file(
    incident: Incident, uploaded_by: User | None, content: bytes = b"hello", **fields: Any
) -> Attachment:
    """A stored file of an incident."""
    with Upload.of_chunks("note.txt", [content]) as upload:
        values = {"storage_key": keep_file(upload), "size_bytes": upload.size, "sha256": upload.sha256}
    values |= {"name": "note.txt", "content_type": "text/plain", "uploaded_by": uploaded_by, "created_at": clock.now()}
    return Attachment.objects.create(incident=incident, **{**values, **fields})
