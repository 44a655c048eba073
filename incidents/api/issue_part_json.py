"""Comments, links and timeline lines of issues as the API tells them."""

from collections.abc import Mapping, Sequence
from typing import Any

from incidents.choices import IssueLinkKind
from incidents.models import Attachment, Comment, Issue, IssueLink
from tracker.models import Event

LONGEST_TEXT = 500
SYSTEM = "Tracker"
# What a reporter sees anyway of an issue or incident; keys of others and people's addresses are not among it.
OF_ISSUES = frozenset({"title", "description", "severity", "priority", "status", "tags", "due_on", "factory", "key"})
OF_INCIDENTS = frozenset({"category", "place", "latitude", "longitude", "occurred_at", "loss_estimate", "recovery"})
OPEN_FACTS = OF_ISSUES | OF_INCIDENTS


def describe_comment(comment: Comment) -> dict[str, Any]:
    """A comment."""
    return {
        "id": comment.pk,
        "author": comment.author.email if comment.author else None,
        "author_name": comment.author_name,
        "body": comment.body,
        "body_html": comment.body_html,
        "created_at": comment.created_at,
        "edited_at": comment.edited_at,
    }


def describe_attachment(attachment: Attachment) -> dict[str, Any]:
    """A file; its bytes lie under `url`, and its picture under `preview_url` where it has one."""
    url = attachment.address
    return {
        "id": attachment.pk,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size_bytes": attachment.size_bytes,
        "sha256": attachment.sha256,
        "uploaded_by": attachment.uploaded_by.email if attachment.uploaded_by else None,
        "uploader_name": attachment.uploader_name,
        "comment": attachment.comment_id,
        "created_at": attachment.created_at,
        "url": url,
        "preview_url": f"{url}?inline=1" if attachment.preview_key else None,
    }


def describe_link(link: IssueLink, issue_id: int) -> dict[str, Any]:
    """A link as one of its two issues sees it; a relation has no direction."""
    is_out = link.source_id == issue_id
    direction = "both" if link.kind == IssueLinkKind.RELATES else "out" if is_out else "in"
    other: Issue = link.target if is_out else link.source
    told = {"id": other.pk, "key": other.key, "title": other.title, "status": other.status}
    return {
        "id": link.pk,
        "kind": link.kind,
        "direction": direction,
        "issue": told,
        "created_at": link.created_at,
    }


def describe_events(events: Sequence[Event], *, is_for_staff: bool) -> list[dict[str, Any]]:
    """Lines of the log; reporters are told names instead of addresses, and nothing about issues of others."""
    return [
        {
            "id": event.pk,
            "at": event.at,
            "verb": event.verb,
            "actor": event.actor_label if is_for_staff else _name(event),
            "before": _facts(event.before, is_for_staff=is_for_staff),
            "after": _facts(event.after, is_for_staff=is_for_staff),
            "comment": event.data.get("comment"),
        }
        for event in events
    ]


def _name(event: Event) -> str:
    return event.actor.full_name if event.actor is not None else SYSTEM


def _facts(facts: Mapping[str, Any] | None, *, is_for_staff: bool) -> dict[str, Any] | None:
    if facts is None:
        return None
    told = {name: value for name, value in facts.items() if is_for_staff or name in OPEN_FACTS}
    return {name: _shorten(value) for name, value in told.items()}


def _shorten(value: Any) -> Any:
    is_long = isinstance(value, str) and len(value) > LONGEST_TEXT
    return f"{value[:LONGEST_TEXT]}…" if is_long else value
