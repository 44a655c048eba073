"""What people say about issues and incidents."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from incidents.models import Comment, Incident, Issue
from incidents.rich_text import render_markdown
from incidents.services.carriers import (
    Thing,
    carrier_of,
    lock_thing,
    name_outsider,
    one_of,
    sees_internals,
    touch,
    visible_parts,
)
from incidents.services.field_checks import check_text
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied

MAX_COMMENT_CHARACTERS = 65_536
MAX_COMMENTS = 5_000


def visible_comments(actor: Actor, thing: Thing) -> QuerySet[Comment]:
    """The comments on an issue or incident that the actor may see: all or none, but for internal ones."""
    return visible_parts(actor, thing, "comments", Comment.objects.all())


def visible_incident_comments(actor: Actor, incident: Incident) -> QuerySet[Comment]:
    """`visible_comments` of an incident: to its reporter, nothing internal."""
    return visible_comments(actor, incident)


def public_comments(incident: Incident) -> QuerySet[Comment]:
    """What a stranger sees whom a door of its own has led to this incident."""
    return Comment.objects.filter(incident=incident, is_internal=False)


@transaction.atomic
def comment_on_issue(*, actor: Actor, issue: Issue, body: str, author_label: str = "") -> Comment:
    """Adds a comment; those who are mentioned, and those who watch, are told. `author_label` names whoever wrote it
    where Tracker itself brings it.

    Raises:
        PermissionDenied: only people comment.
        NotFound: the actor may not see the issue.
        InvalidInput: empty or too long, or the issue has MAX_COMMENTS.
    """
    return _comment_on(actor, issue, body, author_label, is_internal=False)


@transaction.atomic
def comment_on_incident(
    *, actor: Actor, incident: Incident, body: str, is_internal: bool = False, author_label: str = ""
) -> Comment:
    """Adds a comment, which the reporter sees unless it is internal; otherwise as `comment_on_issue`.

    Raises: as `comment_on_issue`; InvalidInput of `is_internal` where the actor may not see internal comments.
    """
    return _comment_on(actor, incident, body, author_label, is_internal=is_internal)


@transaction.atomic
def record_comment(*, actor: Actor, incident: Incident, body: str, author_label: str = "") -> Comment:
    """`comment_on_incident` for entrances that have checked by a rule of their own that the actor may; never internal.

    Raises:
        NotFound: it is gone. InvalidInput: as above.
    """
    return _write_comment(actor, lock_thing(None, incident), _check_body(body), author_label, is_internal=False)


@transaction.atomic
def edit_comment(
    *, actor: Actor, comment: Comment, body: str, issue: Issue | None = None, incident: Incident | None = None
) -> Comment:
    """Changes one's own comment on the issue or incident named.

    Raises:
        NotFound: the actor may not see it. PermissionDenied: it is somebody else's. InvalidInput: as above.
    """
    access.require(actor, "comments", "update")
    body = _check_body(body)
    thing = lock_thing(actor, one_of(issue, incident))
    comment = _find(actor, thing, comment)
    if actor.user is None or comment.author_id != actor.user.pk:
        raise PermissionDenied("Only its author changes a comment.")
    if comment.body == body:
        return comment
    before = comment.body
    comment.body, comment.body_html, comment.edited_at = body, render_markdown(body), clock.now()
    comment.save(update_fields=["body", "body_html", "edited_at"])
    _follow_up(actor, thing, "comment_edited", comment, {"comment": comment.pk})
    carrier_of(thing).tell_mentioned(actor, thing, body, known=before, is_internal=comment.is_internal)
    return comment


@transaction.atomic
def delete_comment(
    *, actor: Actor, comment: Comment, issue: Issue | None = None, incident: Incident | None = None
) -> None:
    """Takes a comment away; the log keeps that it was there, not what it said. Its files stay, internal ones too.

    Raises:
        PermissionDenied, NotFound: see access.yaml, comments.delete.
    """
    access.require(actor, "comments", "delete")
    thing = lock_thing(actor, one_of(issue, incident))
    comment = _find(actor, thing, comment)
    data = {"comment": comment.pk, "author": comment.author_name}
    comment.delete()
    _follow_up(actor, thing, "comment_deleted", comment, data)


def _comment_on(actor: Actor, thing: Thing, body: str, author_label: str, *, is_internal: bool) -> Comment:
    access.require(actor, "comments", "create")
    if actor.user is None and not actor.is_system:
        raise PermissionDenied("Only people comment.")
    body = _check_body(body)
    thing = lock_thing(actor, thing)
    if is_internal and not sees_internals(actor):
        raise InvalidInput.of_field("is_internal", "Only maintainers and admins write internal comments.")
    return _write_comment(actor, thing, body, author_label, is_internal=is_internal)


def _write_comment(actor: Actor, thing: Thing, body: str, author_label: str, *, is_internal: bool) -> Comment:
    carrier = carrier_of(thing)
    if thing.comments.count() >= MAX_COMMENTS:
        raise InvalidInput.of_field("body", f"An {carrier.word} has up to {MAX_COMMENTS:,} comments.")
    comment = Comment.objects.create(
        **{carrier.word: thing},
        is_internal=is_internal,
        author=actor.user,
        author_label=name_outsider(actor, author_label),
        body=body,
        body_html=render_markdown(body),
        created_at=clock.now(),
    )
    _follow_up(actor, thing, "commented", comment, {"comment": comment.pk})
    told = carrier.tell_mentioned(actor, thing, body, is_internal=is_internal)
    carrier.tell_people(actor, thing, "commented", body, is_internal=is_internal, except_ids=told)
    return comment


def _find(actor: Actor, thing: Thing, comment: Comment) -> Comment:
    """Only through its issue or incident, so that nobody reaches a comment by another one's address."""
    found = visible_comments(actor, thing).select_related("author").filter(pk=comment.pk).first()
    if found is None:
        raise NotFound.unseen()
    return found


def _check_body(body: str) -> str:
    try:
        return check_text(body, longest=MAX_COMMENT_CHARACTERS, is_required=True)
    except ValueError as error:
        raise InvalidInput.of_field("body", str(error)) from None


def _follow_up(actor: Actor, thing: Thing, verb: str, comment: Comment, data: dict[str, Any]) -> None:
    carrier = carrier_of(thing)
    carrier.refresh_words([thing.pk])
    touch(thing)
    carrier.log(actor, verb, thing, data, is_internal=comment.is_internal)
