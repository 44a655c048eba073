"""Probes of the addresses of issues, what hangs on them, and tags."""

from typing import Any

from incidents.models import IssueLink, Tag
from incidents.testing.factories import make_attachment, make_issue, make_issue_comment
from tracker import clock
from tracker.models import User
from tracker.testing.factories import make_project
from tracker.testing.hostile_files import encode_form
from tracker.testing.rights import Probe, Values


def issue(owner: User) -> Values:
    """An issue of theirs, and another one that it can be merged into."""
    return {"id": make_issue(reporter=owner).pk, "other": make_issue(reporter=owner).pk}


def comment(owner: User) -> Values:
    """A comment of theirs on an issue of theirs."""
    return comment_under(owner, owner)


def comment_under(owner: User, author: User) -> Values:
    """A comment of `author` on an issue of `owner`."""
    row = make_issue_comment(make_issue(reporter=owner), author)
    return {"id": row.issue_id, "comment_id": row.pk}


def attachment(owner: User) -> Values:
    """A file of theirs on an issue of theirs."""
    return attachment_under(owner, owner)


def attachment_under(owner: User, author: User) -> Values:
    """A file that `author` sent to an issue of `owner`."""
    row = make_attachment(make_issue(reporter=owner), uploaded_by=author)
    return {"id": row.issue_id, "attachment_id": row.pk}


def link(owner: User) -> Values:
    """A link between two issues of theirs."""
    first, second = make_issue(reporter=owner), make_issue(reporter=owner)
    row = IssueLink.objects.create(source=first, target=second, kind="blocks", created_at=clock.now())
    return {"id": first.pk, "link_id": row.pk}


def project(owner: User) -> Values:
    """A project of theirs."""
    return {"project": make_project(owner=owner).key}


def tag(owner: User) -> Values:
    """A tag; tags are nobody's own."""
    return {"pk": Tag.objects.create(name=f"tag {Tag.objects.count()}").pk}


def bulk_body(values: Values) -> Any:
    """A change that everybody may make of what is theirs."""
    return {"ids": [values["id"] if "other" in values else 999999999], "changes": {"title": "New"}}


def merge_body(values: Values) -> Any:
    """Into the other one."""
    return {"into": str(values.get("other", 999999999))}


def link_body(values: Values) -> Any:
    """To the other one."""
    return {"kind": "relates", "target": str(values.get("other", 999999999))}


ONE = "v1/issues/{id}"
ONE_COMMENT = "v1/issues/{id}/comments/{comment_id}"
ONE_FILE = "v1/issues/{id}/attachments/{attachment_id}"
FILE, FORM = encode_form(("file", "note.txt", b"hello"))
NEW = {"title": "Lamp broken"}
TITLE = {"title": "New"}
BODY = {"body": "Seen."}
PROBES = [
    Probe("GET", "v1/issues", "issues", "list"),
    Probe("POST", "v1/issues", "issues", "create", body=NEW, status=201),
    Probe("GET", "v1/issues/dashboard/stats", "issues", "list"),
    Probe("GET", "v1/issues/export", "issues", "export"),
    Probe("POST", "v1/issues/bulk", "issues", "update", issue, body=bulk_body),
    Probe("GET", ONE, "issues", "read", issue),
    Probe("PATCH", ONE, "issues", "update", issue, body=TITLE),
    Probe("DELETE", ONE, "issues", "delete", issue, status=204),
    Probe("POST", f"{ONE}/transition", "issues", "transition", issue, body={"status": "TRIAGED"}),
    Probe("POST", f"{ONE}/merge", "issues", "transition", issue, body=merge_body),
    Probe("POST", f"{ONE}/watch", "issues", "update", issue),
    Probe("POST", f"{ONE}/unwatch", "issues", "update", issue),
    Probe("GET", f"{ONE}/events", "issues", "read", issue),
    Probe("GET", f"{ONE}/links", "issues", "read", link),
    Probe("POST", f"{ONE}/links", "issues", "transition", issue, body=link_body, status=201),
    Probe("DELETE", f"{ONE}/links/{{link_id}}", "issues", "transition", link, status=204),
    Probe("GET", f"{ONE}/comments", "comments", "list", comment, parent="issues"),
    Probe("POST", f"{ONE}/comments", "comments", "create", comment, body=BODY, status=201, parent="issues"),
    Probe("GET", ONE_COMMENT, "comments", "read", comment, parent="issues"),
    Probe("PATCH", ONE_COMMENT, "comments", "update", comment, body=BODY, parent="issues", arrange_under=comment_under),
    Probe("DELETE", ONE_COMMENT, "comments", "delete", comment, status=204, parent="issues"),
    Probe("GET", f"{ONE}/attachments", "attachments", "list", attachment, parent="issues"),
    Probe(
        "POST",
        f"{ONE}/attachments",
        "attachments",
        "create",
        attachment,
        body=FILE,
        content_type=FORM,
        status=201,
        parent="issues",
    ),
    Probe("GET", ONE_FILE, "attachments", "read", attachment, parent="issues"),
    Probe(
        "DELETE",
        ONE_FILE,
        "attachments",
        "delete",
        attachment,
        status=204,
        parent="issues",
        arrange_under=attachment_under,
    ),
    Probe("GET", "v1/projects/{project}/issues", "issues", "list", project, parent="projects"),
    Probe("POST", "v1/projects/{project}/issues", "issues", "create", project, body=NEW, status=201, parent="projects"),
    Probe("GET", "v1/tags", "tags", "list"),
    Probe("GET", "v1/tags/{pk}", "tags", "read", tag),
    Probe("POST", "v1/tags", "tags", "create", body={"name": "lamp"}, status=201),
    Probe("PATCH", "v1/tags/{pk}", "tags", "update", tag, body={"name": "lamp"}),
    Probe("DELETE", "v1/tags/{pk}", "tags", "delete", tag, status=204),
]
