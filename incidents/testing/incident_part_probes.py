"""Probes of the addresses of what hangs on an incident."""

from typing import Any

from incidents.models import IncidentLink
from incidents.testing.incident_factories import make_incident, make_incident_comment, make_incident_file
from tracker import clock
from tracker.access import Actor
from tracker.models import User
from tracker.testing.hostile_files import encode_form
from tracker.testing.rights import Probe, Values


def comment(owner: User) -> Values:
    """A comment of theirs on an incident of theirs."""
    return comment_under(owner, owner)


def comment_under(owner: User, author: User) -> Values:
    """A comment of `author` on an incident of `owner`."""
    row = make_incident_comment(make_incident(actor=Actor.of_user(owner)), author)
    return {"id": row.incident_id, "comment_id": row.pk}


def attachment(owner: User) -> Values:
    """A file of theirs on an incident of theirs."""
    return attachment_under(owner, owner)


def attachment_under(owner: User, author: User) -> Values:
    """A file that `author` sent to an incident of `owner`."""
    row = make_incident_file(make_incident(actor=Actor.of_user(owner)), author)
    return {"id": row.incident_id, "attachment_id": row.pk}


def link(owner: User) -> Values:
    """A link between two incidents of theirs."""
    actor = Actor.of_user(owner)
    first, second = make_incident(actor=actor), make_incident(actor=actor)
    row = IncidentLink.objects.create(incident=first, other=second, kind="duplicates", created_at=clock.now())
    return {"id": first.pk, "link_id": row.pk, "other": second.key}


def link_body(values: Values) -> Any:
    """To the other one."""
    return {"kind": "relates", "target": str(values.get("other", "INC-999999999"))}


ONE = "v1/incidents/{id}"
ONE_COMMENT = f"{ONE}/comments/{{comment_id}}"
ONE_FILE = f"{ONE}/attachments/{{attachment_id}}"
FILE, FORM = encode_form(("file", "note.txt", b"hello"))
BODY = {"body": "Seen."}
OF = "incidents"
FILES = f"{ONE}/attachments"
PROBES = [
    Probe("GET", f"{ONE}/events", "incidents", "read", link),
    Probe("GET", f"{ONE}/links", "incidents", "read", link),
    Probe("POST", f"{ONE}/links", "incidents", "transition", link, body=link_body, status=201),
    Probe("DELETE", f"{ONE}/links/{{link_id}}", "incidents", "transition", link, status=204),
    Probe("GET", f"{ONE}/comments", "comments", "list", comment, parent=OF),
    Probe("POST", f"{ONE}/comments", "comments", "create", comment, body=BODY, status=201, parent=OF),
    Probe("GET", ONE_COMMENT, "comments", "read", comment, parent=OF),
    Probe("PATCH", ONE_COMMENT, "comments", "update", comment, body=BODY, arrange_under=comment_under, parent=OF),
    Probe("DELETE", ONE_COMMENT, "comments", "delete", comment, status=204, parent=OF),
    Probe("GET", FILES, "attachments", "list", attachment, parent=OF),
    Probe("POST", FILES, "attachments", "create", attachment, body=FILE, content_type=FORM, status=201, parent=OF),
    Probe("GET", ONE_FILE, "attachments", "read", attachment, parent=OF),
    Probe("GET", f"{ONE_FILE}/content", "attachments", "read", attachment, parent=OF),
    Probe(
        "DELETE", ONE_FILE, "attachments", "delete", attachment, status=204, arrange_under=attachment_under, parent=OF
    ),
]
